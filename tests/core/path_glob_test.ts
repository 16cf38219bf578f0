import assert from "node:assert/strict";
import fc from "fast-check";
import { pathGlob } from "../../src/core/path_glob.ts";
import { displayPath, textOfBytes } from "../../src/core/path_text.ts";
import { anyPath } from "./any_name.ts";
import { seed } from "../seed.ts";

const PATHS = [
  "a.txt",
  "docs/a.txt",
  "docs/old/a.txt",
  "docs/b.md",
  "docs",
  "A.TXT",
  "x[1]",
  "a/b]",
];

function matched(pattern: string, ignoreCase = false): string[] {
  return PATHS.filter(pathGlob(pattern, { ignoreCase }));
}

Deno.test("a pattern without a slash is about names, one with a slash about the path's end", () => {
  assert.deepEqual(matched("a.txt"), ["a.txt", "docs/a.txt", "docs/old/a.txt"]);
  assert.deepEqual(matched("docs/a.txt"), ["docs/a.txt"]);
  assert.deepEqual(matched("docs/"), ["docs"]);
  assert.deepEqual(matched("old/*"), ["docs/old/a.txt"]);
  assert.deepEqual(matched("/*.txt"), ["a.txt"]);
  assert.deepEqual(matched("/docs/*"), ["docs/a.txt", "docs/b.md"]);
});

Deno.test("two stars are any number of folders", () => {
  assert.deepEqual(matched("docs/**/a.txt"), ["docs/a.txt", "docs/old/a.txt"]);
  assert.deepEqual(matched("/docs/**"), ["docs/a.txt", "docs/old/a.txt", "docs/b.md"]);
  assert.deepEqual(matched("**/old/**"), ["docs/old/a.txt"]);
});

Deno.test("question marks, classes and backslashes are a shell's", () => {
  assert.deepEqual(matched("?.txt"), ["a.txt", "docs/a.txt", "docs/old/a.txt"]);
  assert.deepEqual(matched("[a-c].m[!x]"), ["docs/b.md"]);
  assert.deepEqual(matched("x\\[1]"), ["x[1]"]);
  assert.deepEqual(matched("x[[]1[]]"), ["x[1]"]);
  assert.deepEqual(matched("x[1"), []);
  assert.deepEqual(matched("b[]]"), ["a/b]"]);
  assert.deepEqual(matched("[!b]*.txt", true), [
    ...["a.txt", "docs/a.txt", "docs/old/a.txt", "A.TXT"],
  ]);
  assert.deepEqual(matched("\\*"), []);
  assert.ok(pathGlob("\\*")("*"));
  assert.ok(pathGlob("[\\-x]")("-"));
  assert.ok(!pathGlob("[!x]")("/"));
  assert.ok(pathGlob("?")("\u{1f600}"));
});

Deno.test("bytes that are not text are matched as they are printed", () => {
  const raw = textOfBytes(Uint8Array.of(0x61, 0xff, 0x0a));
  assert.ok(pathGlob("a\\xff\\x0a")(raw));
  assert.ok(pathGlob("a??")(raw));
  assert.ok(!pathGlob("a\\xfe\\x0a")(raw));
  assert.ok(pathGlob("\\x2a")("*"));
  assert.ok(!pathGlob("\\x2a")("a"));
});

Deno.test("a pattern of nothing is refused", () => {
  assert.throws(() => pathGlob(""), { kind: "usage" });
  assert.throws(() => pathGlob("/"), { kind: "usage" });
});

Deno.test("a path as it is printed finds itself, and its stars do not run away", () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      const plain = displayPath(path).replaceAll(/[*?[]/g, "\\$&");
      assert.ok(pathGlob(`/${plain}`)(path));
      assert.ok(pathGlob(`/${plain}`, { ignoreCase: true })(path));
      assert.ok(pathGlob("*")(path));
    }),
    { seed, numRuns: 1000 },
  );
  // Where each star tried all that the one before it left, this would never end.
  assert.ok(!pathGlob("*".repeat(200) + "b")("a".repeat(255)));
});
