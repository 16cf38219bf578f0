import type { PathText } from "../core/path_text.ts";

/**
 * What is in packs at hand, of each path the newest, while they are decrypted without a database. On
 * disk for the length of a run.
 */
export interface MemberCatalog {
  /** Returns its id. */
  addFrame(frame: CatalogFrame): number;
  /** Where one is known already that serves as well, it stays. */
  addContent(content: CatalogContent): void;
  /** Takes the place of an older one of the same path. */
  addEntry(entry: CatalogEntry): void;
  addLost(lost: LostEntry): void;
  /** Once everything is added: finds the contents that are known by their hash alone. Returns totals. */
  settle(): { readonly entries: number; readonly bytes: number };
  frame(id: number): CatalogFrame;
  /** Where the content with this SHA-256 is. */
  content(sha256: Uint8Array): CatalogPlace | undefined;
  entry(path: PathText): CatalogEntry | undefined;
  /** By path, those above others first, or last. */
  folders(order: "down" | "up"): Iterable<CatalogEntry>;
  /** By place: files with their whole content there, and what is neither file nor folder. */
  files(): Iterable<CatalogEntry>;
  /** Files in chunks, by the place of their lists. */
  chunked(): Iterable<CatalogEntry>;
  /** Further names of files, by the place of the content. */
  links(): Iterable<CatalogEntry>;
  /** What was not found again; of each path the newest, and `isOlder` where there is an older one. */
  lost(): Iterable<LostEntry & { readonly isOlder: boolean }>;
  close(): void;
}

/** A zstd frame of a pack. */
export interface CatalogFrame {
  /** The pack's number in the order in which packs are read, from 0. */
  readonly pack: number;
  /** In its zstd stream. */
  readonly at: number;
  /** Bytes, compressed. */
  readonly length: number;
  /** Bytes that it decodes to. */
  readonly plain: number;
}

export interface CatalogPlace {
  /** Id of the frame. */
  readonly frame: number;
  /** Of its first byte in what the frame decodes to. */
  readonly at: number;
  readonly size: number;
  /** What is there is the list of the content's chunks. */
  readonly list: boolean;
}

export interface CatalogContent extends CatalogPlace {
  readonly sha256: Uint8Array;
}

/** Which of two versions of an entry is the newer one: by `order`, and where that is equal by pack. */
export interface EntryAge {
  readonly order: bigint;
  readonly pack: number;
}

export interface CatalogEntry {
  /** "[source/]path". */
  readonly path: PathText;
  readonly age: EntryAge;
  /** As core/stat_record.ts packs it; the size is that of the file, also where it is in chunks. */
  readonly stat: Uint8Array;
  /** Of a symlink. */
  readonly target: Uint8Array | null;
  /** As in the index: canonical JSON. */
  readonly attributes: string | null;
  /** Of a file that is not empty; undefined where its content is known by its hash alone. */
  readonly place: CatalogPlace | undefined;
  /** Of what is at the place; of a file in chunks its own where that is known. */
  readonly sha256: Uint8Array | null;
  /** It is a further name of the file that the same pack has under this one. */
  readonly first: PathText | null;
  /** Others are further names of it. Known once the catalog is settled. */
  readonly isLinked: boolean;
}

export interface LostEntry {
  readonly path: PathText;
  readonly age: EntryAge;
  readonly reason: string;
}
