/** A pack or a pack index that lies on a local disk, fetched by hand. */
export interface PackFile {
  /** As people know it: from the folder that was named. */
  readonly name: string;
  /** 32 hex digits; undefined where it is called something else. */
  readonly pack: string | undefined;
  readonly isEncrypted: boolean;
  /** Bytes. */
  readonly size: number;
  /** When it was last written: milliseconds since 1970. */
  readonly modified: number;
  /** Throws kind "damage" where the disk does not give it. */
  open(): PackHandle;
}

export interface PackHandle {
  /**
   * Fills `into` with the bytes from `at` on; how many there are, fewer only at the file's end. Throws
   * kind "damage" where the disk does not give them.
   */
  read(at: number, into: Uint8Array): number;
  close(): void;
}
