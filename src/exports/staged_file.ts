import { HoldfastError, messageOf } from "../core/error.ts";

/** A file that gets its name when it is whole, and never another one's. */
export interface StagedFile {
  write(bytes: Uint8Array): void;
  finish(): void;
  close(): void;
}

/** What a file is called until it is whole. */
const SUFFIX = ".holdfast-new";

/**
 * Begins a file (mode 0600: a log names all that was ever backed up). Throws kind "usage" where the
 * name is taken, "failed" where it cannot be made, "disk-full".
 */
export function stagedFile(file: string): StagedFile {
  refuseTaken(file);
  const part = file + SUFFIX;
  const out = failing(file, () => {
    return Deno.openSync(part, { write: true, create: true, truncate: true, mode: 0o600 });
  });
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    out.close();
  };
  let isWhole = false;
  return {
    write(bytes) {
      failing(file, () => {
        for (let rest = bytes; rest.length > 0;) rest = rest.subarray(out.writeSync(rest));
      });
    },
    finish() {
      failing(file, () => out.syncSync());
      close();
      refuseTaken(file);
      failing(file, () => Deno.renameSync(part, file));
      isWhole = true;
    },
    close() {
      close();
      if (!isWhole) Deno.removeSync(part);
    },
  };
}

function refuseTaken(file: string): void {
  try {
    Deno.lstatSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    // What is wrong with the path shows when the file is made.
    return;
  }
  throw new HoldfastError("usage", `${file} exists`, {
    context: { file },
    hint: "name a file that does not: nothing is ever overwritten by an export",
  });
}

function failing<Result>(file: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    const isFull = (cause as { code?: string }).code === "ENOSPC";
    throw new HoldfastError(isFull ? "disk-full" : "failed", `cannot write: ${messageOf(cause)}`, {
      context: { file },
      hint: isFull
        ? "make room, or name a file elsewhere"
        : "name a file in a folder that is there",
      cause,
    });
  }
}
