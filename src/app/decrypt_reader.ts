import { HoldfastError, isKind } from "../core/error.ts";
import { compareBytes } from "../core/path_text.ts";
import type { Opener } from "../ports/cipher.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { CatalogPlace, MemberCatalog } from "../ports/member_catalog.ts";
import type { PackFile } from "../ports/pack_file.ts";
import { type LocalStream, openLocalStream } from "./decrypt_stream.ts";

/** Reads contents out of packs again that were found in them. */
export interface ContentReader {
  /** A view that is valid for as long as it is kept. Throws kind "damage" where it has another SHA-256. */
  read(place: CatalogPlace, sha256: Uint8Array | null): Promise<Uint8Array>;
  close(): void;
}

export interface ContentReaderDeps {
  /** By their numbers. */
  readonly packs: readonly PackFile[];
  readonly catalog: MemberCatalog;
  readonly hashing: Hashing;
  readonly opener: Opener | undefined;
}

/** Packs that are open at once. */
const OPEN = 16;

/** Reads frame by frame; the last one is remembered. */
export function contentReader(deps: ContentReaderDeps): ContentReader {
  const { packs, catalog, hashing, opener } = deps;
  const open = new Map<number, LocalStream>();
  let last: { readonly id: number; readonly plain: Uint8Array } | undefined;

  async function streamOf(pack: number): Promise<LocalStream> {
    const stream = open.get(pack) ?? await openLocalStream(packs[pack], opener);
    // The one that was asked for last goes last.
    open.delete(pack);
    open.set(pack, stream);
    if (open.size > OPEN) {
      const [[oldest, former]] = open;
      open.delete(oldest);
      former.close();
    }
    return stream;
  }

  async function frame(id: number): Promise<Uint8Array> {
    if (last?.id === id) return last.plain;
    const { pack, at, length, plain: size } = catalog.frame(id);
    const packed = new Uint8Array(length);
    const [gap] = (await streamOf(pack)).fill(at, packed);
    if (gap !== undefined) throw gap.failure;
    const plain = hashing.unframe(packed, size);
    last = { id, plain };
    return plain;
  }

  return {
    async read({ frame: id, at, size }, sha256) {
      const { name } = packs[catalog.frame(id).pack];
      try {
        const content = (await frame(id)).subarray(at, at + size);
        if (sha256 === null || compareBytes(hashing.sha256(content), sha256) === 0) return content;
      } catch (error) {
        if (!isKind(error, "damage", "key")) throw error;
        throw new HoldfastError("damage", `${name} is damaged: ${error.message}`, { cause: error });
      }
      throw new HoldfastError("damage", `${name} was changed while it was read`);
    },
    close() {
      for (const stream of open.values()) stream.close();
      open.clear();
    },
  };
}
