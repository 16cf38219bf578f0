import { HoldfastError, messageOf } from "../core/error.ts";

/** New content beside a file, which becomes the file's by one rename. */
export interface StagedFile {
  /** Throws, and leaves the file as it is, where it has changed meanwhile. */
  commit(): void;
  /** Removes the new content where it was not committed. */
  drop(): void;
}

/** Keeps the file's mode and owner. A symlink stays one: what it points to is replaced. */
export function replaceFile(
  file: string,
  before: Uint8Array<ArrayBuffer>,
  after: Uint8Array<ArrayBuffer>,
): StagedFile {
  const target = targetOf(file);
  const staged = `${target}.holdfast-new`;
  const drop = () => {
    try {
      Deno.removeSync(staged);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw notWritten(file, error);
    }
  };
  drop();
  try {
    writeLike(target, staged, after);
  } catch (cause) {
    drop();
    throw notWritten(file, cause);
  }
  return {
    commit() {
      if (!isSame(Deno.readFileSync(target), before)) {
        throw new HoldfastError("failed", `${file} was changed meanwhile by someone else`, {
          context: { file },
          hint: "it was left as it is: repeat the command",
        });
      }
      try {
        Deno.renameSync(staged, target);
      } catch (cause) {
        throw notWritten(file, cause);
      }
    },
    drop,
  };
}

function targetOf(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch (cause) {
    throw notWritten(file, cause);
  }
}

function writeLike(file: string, staged: string, content: Uint8Array<ArrayBuffer>): void {
  const { mode, uid, gid } = Deno.statSync(file);
  Deno.writeFileSync(staged, content, { createNew: true, mode: 0o600 });
  const made = Deno.statSync(staged);
  if (uid !== null && gid !== null && (made.uid !== uid || made.gid !== gid)) {
    Deno.chownSync(staged, uid, gid);
  }
  if (mode !== null) Deno.chmodSync(staged, mode & 0o7777);
  using written = Deno.openSync(staged, { read: true, write: true });
  written.syncSync();
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function notWritten(file: string, cause: unknown): HoldfastError {
  return new HoldfastError("failed", `the config cannot be replaced: ${messageOf(cause)}`, {
    context: { file },
    hint: "make it and its folder writable and repeat the command, or change it by hand",
    cause,
  });
}
