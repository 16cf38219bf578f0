/**
 * Where the pointer to a key's current version lies: a hierarchy that mirrors the key's segments and
 * can hold any key on any file system, also one that ignores case or normalizes Unicode.
 *
 * A segment's bytes are written as a–z, 0–9, ".", "_", "-" or %xx, and end in "=" (the key ends
 * here), "+" (a "/" follows) or "~" (the segment goes on one level below). A segment is cut as soon
 * as its escaped form has 136 characters, so no name is longer than 139: some encrypted file systems
 * hold 143. Each key byte belongs to one level, so walking every level in the order of its decoded
 * texts (with the "/" of a "+") gives all keys in byte order.
 */
const CUT = 136;

const escaped: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const text = String.fromCharCode(byte);
  return /[a-z0-9._-]/.test(text) ? text : "%" + byte.toString(16).padStart(2, "0");
});

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A key's UTF-8 bytes as a string of code units 0–255: compares as the bytes do. */
export function byteText(key: string): string {
  let text = "";
  for (const byte of encoder.encode(key)) text += String.fromCharCode(byte);
  return text;
}

export function keyOfByteText(text: string): string {
  return decoder.decode(Uint8Array.from(text, (unit) => unit.charCodeAt(0)));
}

/** The names of the folders and, last, of the file that is the pointer of `key`. */
export function pointerNames(key: string): string[] {
  return namesOf(byteText(key), "=");
}

/** The names of the folders that hold the keys below `prefix`, which is empty or ends in "/". */
export function folderNames(prefix: string): string[] {
  return prefix === "" ? [] : namesOf(prefix.slice(0, -1), "+");
}

function namesOf(text: string, end: "=" | "+"): string[] {
  const names: string[] = [];
  let name = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "/") {
      names.push(name + "+");
      name = "";
      continue;
    }
    name += escaped[text.charCodeAt(i)];
    if (name.length >= CUT) {
      names.push(name + "~");
      name = "";
    }
  }
  names.push(name + end);
  return names;
}

export interface PointerName {
  /** The byte text that this name adds to those above it, with the "/" of a folder. */
  readonly text: string;
  readonly isPointer: boolean;
}

const wellFormed = /^(?:[a-z0-9._-]|%[0-9a-f]{2})*[=+~]$/;

/** What a name in the hierarchy stands for; undefined for a name that is not of it. */
export function readPointerName(name: string): PointerName | undefined {
  if (!wellFormed.test(name)) return undefined;
  const end = name.at(-1);
  const text = name.slice(0, -1).replace(
    /%(..)/g,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  return { text: end === "+" ? text + "/" : text, isPointer: end === "=" };
}
