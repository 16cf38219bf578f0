/**
 * Flags of openat(2) and of the *at calls as Linux has them (fcntl.h). Four of the open flags differ
 * between architectures: arm64 keeps the numbers of 32-bit arm.
 */
const arm = Deno.build.arch === "aarch64";

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_EMPTY_PATH = 0x1000;

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NONBLOCK = 0o4000;
export const O_DIRECTORY = arm ? 0o40000 : 0o200000;
export const O_NOFOLLOW = arm ? 0o100000 : 0o400000;
export const O_NOATIME = 0o1000000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

/** A folder to be read, itself no symlink. */
export const OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/** A mere handle of whatever is there, itself not followed. */
export const OPEN_HANDLE = O_PATH | O_NOFOLLOW | O_CLOEXEC;
