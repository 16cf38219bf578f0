import { HoldfastError, messageOf } from "../../core/error.ts";
import { displayPath, hasRawBytes, type PathText } from "../../core/path_text.ts";
import { libc } from "../../libc/libc.ts";
import type { RestoreTarget } from "../../ports/restore_target.ts";
import { linuxTarget } from "./linux_target.ts";
import { portableTarget } from "./portable_target.ts";

export interface LocalTargetOptions {
  /** Which target; by default Linux's own where the C library can be opened. */
  readonly target?: "linux" | "portable";
  /** Random bytes, for temporary names. */
  readonly random: (n: number) => Uint8Array;
}

/** A local folder to restore into, made where it is not there. It may be reached by a symlink. */
export function openLocalTarget(dir: PathText, options: LocalTargetOptions): RestoreTarget {
  if (hasRawBytes(dir) || dir.includes("\0")) {
    throw new HoldfastError("usage", `the target's name is not UTF-8: ${displayPath(dir)}`, {
      context: { path: displayPath(dir) },
      hint: "restore into a folder with a name in UTF-8; what is below may have any name",
    });
  }
  try {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new HoldfastError("failed", `cannot make the target ${displayPath(dir)}`, {
      context: { path: displayPath(dir), reason: messageOf(error) },
      hint: "name a folder that can be made or written to with --to",
      cause: error,
    });
  }
  if (options.target === "portable") return portableTarget(dir, options.random);
  const calls = libc();
  if (calls !== null) return linuxTarget(calls, dir, options.random);
  if (options.target === undefined) return portableTarget(dir, options.random);
  throw new HoldfastError("failed", "the Linux target needs glibc on x86_64 or aarch64", {
    hint: "leave the choice of the target to the program",
  });
}
