import { join } from "node:path";

const hasModes = Deno.build.os !== "windows";

/** A small tree with what a backup should keep: modes, a symlink, an empty folder, odd names. */
export function makeTree(root: string): void {
  const at = (...names: string[]) => join(root, ...names);
  for (const folder of ["letters", "photos", "empty"]) {
    Deno.mkdirSync(at(folder), { recursive: true });
  }
  Deno.writeTextFileSync(at("readme.txt"), "A small tree.\n");
  Deno.writeTextFileSync(at("letters", "to grandma.txt"), "Dear grandma,\n");
  Deno.writeTextFileSync(at("letters", "früh – 早い.txt"), "Names are bytes.\n");
  Deno.writeTextFileSync(at("letters", "old.txt"), "Soon to be removed.\n");
  Deno.writeFileSync(at("photos", "sea.raw"), photo(300_000));
  if (!hasModes) return;
  Deno.writeTextFileSync(at("run.sh"), "#!/bin/sh\necho hello\n", { mode: 0o755 });
  Deno.symlinkSync("letters/to grandma.txt", at("latest"));
}

/** Changes, adds, removes, and changes modes. */
export function editTree(root: string): void {
  const at = (...names: string[]) => join(root, ...names);
  Deno.writeTextFileSync(at("letters", "to grandma.txt"), "how are you?\n", { append: true });
  Deno.writeTextFileSync(at("letters", "to uncle.txt"), "Dear uncle,\n");
  Deno.removeSync(at("letters", "old.txt"));
  Deno.mkdirSync(at("photos", "2026"));
  Deno.writeFileSync(at("photos", "2026", "hill.raw"), photo(50_000));
  if (!hasModes) return;
  Deno.chmodSync(at("run.sh"), 0o700);
  Deno.removeSync(at("latest"));
  Deno.symlinkSync("letters/to uncle.txt", at("latest"));
}

/** Bytes that do not repeat. */
function photo(length: number): Uint8Array {
  let state = length;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_103_515_245) + 12_345 | 0;
    return state >>> 16;
  });
}
