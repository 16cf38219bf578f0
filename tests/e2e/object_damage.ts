/** What may befall an object in a bucket of versitygw, without the store saying anything of it. */
import { run, shell } from "../sources/tree_tools.ts";

export interface Damage {
  readonly what: string;
  /** Of its bytes, not of its metadata. */
  readonly isOfBody: boolean;
  befall(file: string): void;
}

/** All that may befall the object in this file. `random` chooses bits, and places near which they are. */
export function damagesOf(file: string, random: () => number): Damage[] {
  const { size } = Deno.statSync(file);
  const near = (part: number) =>
    Math.min(size - 1, Math.max(0, Math.floor(part * size + (random() - 0.5) * 40)));
  const body = size === 0 ? [] : [
    ...[0, near(0), near(0.5), near(1), size - 1].map((at) => flipAt(at, Math.floor(random() * 8))),
    rewritten("cut in half", (bytes) => bytes.subarray(0, size >> 1)),
    rewritten("cut by a byte", (bytes) => bytes.subarray(0, size - 1)),
    rewritten("emptied", () => new Uint8Array()),
    rewritten("longer by a byte", (bytes) => Uint8Array.from([...bytes, 0])),
  ];
  const names = Object.keys(metadataOf(file));
  const each = names.flatMap((name) => [changed(name, random()), without([name])]);
  return [...body, ...each, ...(names.length < 2 ? [] : [without(names)])];
}

function flipAt(at: number, bit: number): Damage {
  return rewritten(`bit ${bit} of byte ${at} flipped`, (bytes) => {
    bytes[at] ^= 1 << bit;
    return bytes;
  });
}

function rewritten(what: string, change: (bytes: Uint8Array) => Uint8Array): Damage {
  const befall = (file: string) => Deno.writeFileSync(file, change(Deno.readFileSync(file)));
  return { what, isOfBody: true, befall };
}

/** Another letter or digit somewhere in a value: a flipped bit that HTTP still carries. */
function changed(name: string, part: number): Damage {
  return ofMetadata(`${name} changed at ${part.toFixed(2)} of it`, (metadata) => {
    const text = metadata[name];
    const at = Math.floor(part * text.length);
    const other = /[0-8a-y]/.test(text[at]) ? String.fromCharCode(text.charCodeAt(at) + 1) : "0";
    return { ...metadata, [name]: text.slice(0, at) + other + text.slice(at + 1) };
  });
}

function without(names: readonly string[]): Damage {
  return ofMetadata(
    `without ${names.join(", ")}`,
    (metadata) =>
      Object.fromEntries(Object.entries(metadata).filter(([name]) => !names.includes(name))),
  );
}

type Metadata = Readonly<Record<string, string>>;

function ofMetadata(what: string, change: (metadata: Metadata) => Metadata): Damage {
  return {
    ...{ what, isOfBody: false },
    befall: (file) =>
      void run("setfattr", [
        ...["-n", ATTRIBUTE, "-v", JSON.stringify(change(metadataOf(file))), file],
      ]),
  };
}

/** versitygw keeps an object's user metadata in an attribute of its file. */
const ATTRIBUTE = "user.metadata";

function metadataOf(file: string): Metadata {
  const said = shell("/", `getfattr --only-values -n ${ATTRIBUTE} '${file}' 2>&- || :`);
  return said === "" ? {} : JSON.parse(said);
}
