import { HoldfastError } from "../../core/error.ts";
import type { PathText } from "../../core/path_text.ts";
import { libc } from "../../libc/libc.ts";
import type { DirectSource } from "../../ports/source.ts";
import { linuxSource } from "./linux_source.ts";
import { portableSource } from "./portable_source.ts";

export interface LocalSourceOptions {
  /** Which walker; by default Linux's own where the C library can be opened. */
  readonly walker?: "linux" | "portable";
}

/** A local folder, or a single file, as source. The path may be relative; "" is no path. */
export function openLocalSource(path: PathText, options: LocalSourceOptions = {}): DirectSource {
  if (path === "" || path.includes("\0")) {
    throw new HoldfastError("usage", "the path of a source is empty or holds NUL", {
      hint: "name a folder or a file",
    });
  }
  // "dir/" is the folder, and "file/" would be refused by every call below.
  const trimmed = path.replace(/(?<=[^/])\/+$/, "");
  if (options.walker === "portable") return portableSource(trimmed);
  const calls = libc();
  if (calls !== null) return linuxSource(calls, trimmed);
  if (options.walker === undefined) return portableSource(trimmed);
  throw new HoldfastError("failed", "the Linux walker needs glibc on x86_64 or aarch64", {
    hint: "leave the choice of the walker to the program",
  });
}
