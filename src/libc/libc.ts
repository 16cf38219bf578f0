/**
 * The C library's calls that Deno's own API lacks or rounds (DESIGN section 7), by FFI.
 *
 * Opened at the first use and only on Linux x86_64 and aarch64: both are little-endian, share the
 * error numbers and the layouts used here (asm-generic), and pass variadic arguments like named ones,
 * so that openat(2), ioctl(2) and syscall(2) can be declared with the arguments they are given.
 * `buffer` arguments take V8's fast path; numbers for 64-bit arguments do not, so hot calls pass none.
 */
const symbols = {
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  // The three by number: glibc has getdents64 since 2.30, RHEL 8 has 2.28; nobody wraps openat2.
  getdents64: { name: "syscall", parameters: ["i64", "i64", "buffer", "i64"], result: "i32" },
  openat2: {
    name: "syscall",
    parameters: ["i64", "i64", "buffer", "buffer", "i64"],
    result: "i32",
  },
  renameat2: {
    name: "syscall",
    parameters: ["i64", "i64", "buffer", "i64", "buffer", "i64"],
    result: "i32",
  },
  renameat: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  readlinkat: { parameters: ["i32", "buffer", "buffer", "usize"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  preadAsync: {
    name: "pread",
    parameters: ["i32", "buffer", "usize", "i64"],
    result: "isize",
    nonblocking: true,
  },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  llistxattr: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  lgetxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "i32" },
  lsetxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  setxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  flistxattr: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  fgetxattr: { parameters: ["i32", "buffer", "buffer", "usize"], result: "i32" },
  fsetxattr: { parameters: ["i32", "buffer", "buffer", "usize", "i32"], result: "i32" },
  fremovexattr: { parameters: ["i32", "buffer"], result: "i32" },
  fchown: { parameters: ["i32", "u32", "u32"], result: "i32" },
  fchownat: { parameters: ["i32", "buffer", "u32", "u32", "i32"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  futimens: { parameters: ["i32", "buffer"], result: "i32" },
  utimensat: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  symlinkat: { parameters: ["buffer", "i32", "buffer"], result: "i32" },
  linkat: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  mknodat: { parameters: ["i32", "buffer", "u32", "u64"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  fstatfs: { parameters: ["i32", "buffer"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  syncfs: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

export type LibcCalls = Deno.StaticForeignLibraryInterface<typeof symbols>;

export interface Libc {
  readonly call: LibcCalls;
  /** errno of the last failed call: read before anything else is called. */
  errno(): number;
  /** Number of the getdents64 system call on this architecture. */
  readonly getdents64: bigint;
}

/** The same number on every architecture (since Linux 5.6). */
export const SYS_OPENAT2 = 437n;

const getdents64Numbers: Partial<Record<string, bigint>> = { x86_64: 217n, aarch64: 61n };
const renameat2Numbers: Partial<Record<string, bigint>> = { x86_64: 316n, aarch64: 276n };

/** Number of the renameat2 system call on this architecture. */
export const SYS_RENAMEAT2 = renameat2Numbers[Deno.build.arch] ?? -1n;

let opened: Libc | null | undefined;

/** The C library, or null where there is none that can be used (not Linux, musl, no FFI). */
export function libc(): Libc | null {
  return opened ??= open();
}

function open(): Libc | null {
  const getdents64 = getdents64Numbers[Deno.build.arch];
  if (Deno.build.os !== "linux" || getdents64 === undefined) return null;
  try {
    const call = Deno.dlopen("libc.so.6", symbols).symbols;
    // errno lives at one address for the whole life of a thread, and an isolate never leaves its
    // thread: reading it is a load from memory, so that no other call can come in between.
    const errno = new Int32Array(
      Deno.UnsafePointerView.getArrayBuffer(call.__errno_location()!, 4),
    );
    return { call, errno: () => errno[0], getdents64 };
  } catch {
    return null;
  }
}
