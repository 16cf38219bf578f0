const libraries: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "/usr/lib/libSystem.B.dylib",
};

const RLIMIT_CORE = 4;

/**
 * One byte: where cores go to a program (core(5)) only this keeps them from it, and where they go to
 * files it is too little for one.
 */
const MOST_BYTES = 1n;

/**
 * From now on neither this process nor its children leave a core file behind: a password may be in
 * their memory. Where the limit cannot be set nothing is changed.
 */
export function forbidCoreFiles(): void {
  const library = libraries[Deno.build.os];
  if (library === undefined) return;
  const { setrlimit } = Deno.dlopen(library, {
    setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  }).symbols;
  // struct rlimit: what is in force, and how far it may be raised again.
  setrlimit(RLIMIT_CORE, new Uint8Array(new BigUint64Array([MOST_BYTES, MOST_BYTES]).buffer));
}
