import { HoldfastError, messageOf } from "../core/error.ts";

/**
 * libsmbclient's calls, by FFI (https://www.samba.org/samba/docs/current/man-html/libsmbclient.7.html,
 * libsmbclient.h). Two that overlap abort the process, also from two threads: so they are made in
 * child processes only, one after the other (child_loop.ts).
 */
const symbols = {
  smbc_new_context: { parameters: [], result: "pointer" },
  smbc_init_context: { parameters: ["pointer"], result: "pointer" },
  smbc_set_context: { parameters: ["pointer"], result: "pointer" },
  smbc_setConfiguration: { parameters: ["pointer", "buffer"], result: "i32" },
  smbc_setDebug: { parameters: ["pointer", "i32"], result: "void" },
  smbc_setTimeout: { parameters: ["pointer", "i32"], result: "void" },
  smbc_setOptionDebugToStderr: { parameters: ["pointer", "i32"], result: "void" },
  smbc_setOptionNoAutoAnonymousLogin: { parameters: ["pointer", "i32"], result: "void" },
  smbc_setOptionUseKerberos: { parameters: ["pointer", "i32"], result: "void" },
  smbc_setOptionSmbEncryptionLevel: { parameters: ["pointer", "i32"], result: "void" },
  smbc_setFunctionAuthDataWithContext: { parameters: ["pointer", "function"], result: "void" },
  smbc_opendir: { parameters: ["buffer"], result: "i32" },
  smbc_readdirplus2: { parameters: ["u32", "buffer"], result: "pointer" },
  smbc_readdir: { parameters: ["u32"], result: "pointer" },
  smbc_version: { parameters: [], result: "pointer" },
  smbc_closedir: { parameters: ["u32"], result: "i32" },
  smbc_stat: { parameters: ["buffer", "buffer"], result: "i32" },
  smbc_open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  smbc_fstat: { parameters: ["i32", "buffer"], result: "i32" },
  smbc_lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  smbc_read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  smbc_close: { parameters: ["i32"], result: "i32" },
  smbc_write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  smbc_mkdir: { parameters: ["buffer", "u32"], result: "i32" },
  smbc_unlink: { parameters: ["buffer"], result: "i32" },
  smbc_rename: { parameters: ["buffer", "buffer"], result: "i32" },
  smbc_chmod: { parameters: ["buffer", "u32"], result: "i32" },
  smbc_utimes: { parameters: ["buffer", "buffer"], result: "i32" },
  smbc_getxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "i32" },
  smbc_setxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

export type SmbCalls = Deno.StaticForeignLibraryInterface<typeof symbols>;

export interface SmbLibrary {
  readonly call: SmbCalls;
  /** errno of the last call, as Linux numbers them. NULL from readdirplus2 is its end where it is 0. */
  errno(): number;
  clearErrno(): void;
}

/** What the auth callback is given: context, server, share, and three buffers with their sizes. */
export const AUTH_CALLBACK = {
  parameters: [
    ...["pointer", "pointer", "pointer"] as const,
    ...["pointer", "i32", "pointer", "i32", "pointer", "i32"] as const,
  ],
  result: "void",
} as const satisfies Deno.UnsafeCallbackDefinition;

interface Platform {
  /** Tried one after the other. */
  readonly libraries: readonly string[];
  /** Where errno is. */
  readonly libc: string;
  readonly errnoSymbol: "__errno_location" | "__error";
  readonly install: string;
}

const platforms: Partial<Record<typeof Deno.build.os, Platform>> = {
  linux: {
    libraries: ["libsmbclient.so.0"],
    libc: "libc.so.6",
    errnoSymbol: "__errno_location",
    install: "install the package libsmbclient (Debian, Ubuntu, Fedora)",
  },
  darwin: {
    libraries: ["/opt/homebrew/lib", "/usr/local/lib"].map((at) => `${at}/libsmbclient.dylib`),
    libc: "/usr/lib/libSystem.B.dylib",
    errnoSymbol: "__error",
    install: "install Homebrew's package samba",
  },
};

const OR_MOUNT = ", or mount the share and back up its folder";

/** Opens the library. Throws kind "failed" where it is missing, with what to install. */
export function openLibrary(platform = platforms[Deno.build.os]): SmbLibrary {
  if (platform === undefined) {
    throw missing("shares are read by libsmbclient, which this system does not have", {
      hint: "back up the share's path as the system has it, such as \\\\server\\share",
    });
  }
  const { libraries, libc, errnoSymbol, install } = platform;
  const call = firstThatOpens(libraries, install + OR_MOUNT);
  const place = Deno.dlopen(libc, {
    location: { name: errnoSymbol, parameters: [], result: "pointer" },
  }).symbols.location()!;
  const errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(place, 4));
  return {
    call,
    errno: () => linuxErrno(errno[0]),
    clearErrno() {
      errno[0] = 0;
    },
  };
}

function firstThatOpens(libraries: readonly string[], hint: string): SmbCalls {
  let failure: unknown;
  for (const library of libraries) {
    try {
      return Deno.dlopen(library, symbols).symbols;
    } catch (error) {
      failure ??= error;
    }
  }
  const isOld = messageOf(failure).includes("symbol");
  const what = isOld ? "libsmbclient is older than Samba 4.13" : "libsmbclient is not installed";
  throw missing(what, { hint, cause: failure });
}

function missing(message: string, detail: { hint: string; cause?: unknown }): HoldfastError {
  return new HoldfastError("failed", message, detail);
}

/** Those of macOS that differ and are decided by. */
const darwinNumbers: Readonly<Record<number, number>> = {
  45: 95, // ENOTSUP
  50: 100, // ENETDOWN
  51: 101, // ENETUNREACH
  52: 102, // ENETRESET
  53: 103, // ECONNABORTED
  54: 104, // ECONNRESET
  57: 107, // ENOTCONN
  58: 108, // ESHUTDOWN
  60: 110, // ETIMEDOUT
  61: 111, // ECONNREFUSED
  62: 40, // ELOOP
  63: 36, // ENAMETOOLONG
  64: 112, // EHOSTDOWN
  65: 113, // EHOSTUNREACH
};

function linuxErrno(errno: number): number {
  return Deno.build.os === "darwin" ? darwinNumbers[errno] ?? errno : errno;
}
