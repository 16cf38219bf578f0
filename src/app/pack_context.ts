import type { Sealer } from "../ports/cipher.ts";
import type { Random } from "../ports/environment.ts";
import type { PartSealing } from "../ports/part_sealing.ts";
import type { StoreContext } from "./store_context.ts";

export interface PackOptions {
  /** Undefined where packs are not encrypted. */
  readonly sealer: Sealer | undefined;
  /** What it seals for, by the config; [] without a sealer. */
  readonly recipients: readonly string[];
  readonly random: Random;
  /** Another thread to make packs in, where so many bytes are worth it. */
  readonly otherThread: (bytes: number) => PartSealing | undefined;
  /** Bytes as stored after which a pack is ended. */
  readonly packSize: number;
  /** Larger files are stored in chunks (bytes). */
  readonly chunkThreshold: number;
}

/** What a backup into packs works with. */
export interface PackContext extends StoreContext {
  readonly packs: PackOptions;
}
