/** Bytes of a TAR block: headers are one, content is filled up to a multiple with zeros. */
export const BLOCK = 512;

/** Type flags of POSIX ustar. "link" is a hard link. */
export const TYPE_FLAGS = {
  file: "0",
  link: "1",
  symlink: "2",
  char: "3",
  block: "4",
  folder: "5",
  fifo: "6",
} as const;

export type TarType = keyof typeof TYPE_FLAGS;

/** What a pax TAR says of one member. What is not known or does not apply is absent. */
export interface TarMember {
  /** Bytes without NUL; a folder's ends in "/", nothing else's does. */
  readonly path: Uint8Array;
  readonly type: TarType;
  /** Permission bits, 07777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly owner?: string;
  readonly group?: string;
  /** Bytes of content; 0 for everything but files. */
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  /** Nanoseconds since 1970; 0 or absent where it is not known. */
  readonly birth?: bigint;
  /** Of symlinks as it is; of links the path of the member that they name. */
  readonly target?: Uint8Array;
  /** Of devices: major << 32 | minor. */
  readonly rdev?: bigint;
  readonly attributes?: readonly TarAttribute[];
  /** True where the source was sparse. The content has its zeros all the same. */
  readonly sparse?: boolean;
  /** DOS attributes, of entries on a share; 0 or absent where there are none. */
  readonly dos?: number;
}

/** An extended attribute; POSIX ACLs are `system.posix_acl_access` and `system.posix_acl_default`. */
export interface TarAttribute {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** Zeros that follow `size` bytes of content up to the next header. */
export function tarPadding(size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK;
}
