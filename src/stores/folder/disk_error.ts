import { type ErrorKind, HoldfastError, messageOf } from "../../core/error.ts";

const kinds: Readonly<Record<string, ErrorKind>> = {
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  ENAMETOOLONG: "refused",
  EFBIG: "refused",
  ENOENT: "gone",
  EIO: "unreachable",
  ESTALE: "unreachable",
  ETIMEDOUT: "unreachable",
  EHOSTDOWN: "unreachable",
  ENOTCONN: "unreachable",
};

const hints: Partial<Record<ErrorKind, string>> = {
  "disk-full": "make room on the disk of the repository, then run again",
  denied: "the folder of the repository must be writable by this user",
  refused: "the file system of the repository cannot hold names or files of this size",
  gone: "is the disk of the repository still mounted?",
  unreachable: "check the disk or the network connection of the repository, then run again",
};

/** errno's name of a failed system call, or "". */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** True where `error` is a system call's error with one of these errno names. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(codeOf(error));
}

/** Runs `work`; a system call's error becomes a HoldfastError that says `doing` what to `key`. */
export async function onDisk<T>(doing: string, key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, doing, key);
  }
}

export function diskError(error: unknown, doing: string, key: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const code = codeOf(error);
  const kind = kinds[code] ?? "failed";
  return new HoldfastError(kind, `cannot ${doing} ${key}: ${messageOf(error)}`, {
    context: code === "" ? { key } : { key, code },
    hint: hints[kind],
    cause: error,
  });
}

/** The value, or undefined where the path is not there. */
export async function ifThere<T>(value: Promise<T>): Promise<T | undefined> {
  try {
    return await value;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
