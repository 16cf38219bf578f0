import fc from "fast-check";

const pieces = [
  "/",
  "/",
  "a",
  "b",
  "A",
  ".",
  "..",
  "-",
  "!",
  "0",
  "~",
  "=",
  "+",
  "%",
  " ",
  "\n",
  "\u0001",
  "\0",
  "\\",
  "é",
  "e\u0301",
  "ﬀ",
  "𐀀",
  "x".repeat(136),
  "y".repeat(300),
  "ü".repeat(60),
  ".holdfast-store",
];

/** Keys that share beginnings and hold what file systems do not, at most 1,024 bytes. */
export const anyKey: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 9 })
  .map((parts) => parts.join(""))
  .filter((key) => new TextEncoder().encode(key).length <= 1_024);
