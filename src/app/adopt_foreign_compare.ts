import { isKind, messageOf } from "../core/error.ts";
import { foreignMetadata } from "../core/mirror/foreign_metadata.ts";
import {
  type AdoptedBy,
  digestsWanted,
  type FileDigests,
  type ForeignFacts,
  hasPlainEtag,
  judgeForeign,
  type WantedDigests,
} from "../core/mirror/judge_foreign.ts";
import { splitPath } from "../core/path_text.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { isRacy } from "../core/scan/racy.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ChecksummedHead, ObjectHead, ObjectStore } from "../ports/object_store.ts";
import type { SourceFile } from "../ports/source.ts";
import { fileDigests } from "./adopt_foreign_digests.ts";
import type { ForeignMatch } from "./adopt_foreign_match.ts";
import type { ScanContext } from "./scan_context.ts";
import type { OpenSource } from "./store_context.ts";

export interface CompareContext extends Pick<ScanContext, "clock" | "signal"> {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  readonly sources: ReadonlyMap<string, OpenSource>;
  readonly breathe: () => Promise<void> | undefined;
  /** HEADs so far. */
  heads: number;
  /** LIST does not tell enough here: the version, or whether ETags are MD5s. */
  asksFirst: boolean;
}

/** A file's content that is under its key, as far as is known. */
export interface SameContent {
  readonly sha256: string;
  readonly etag: string;
  readonly version?: string;
  readonly storageClass: string;
  /** Too young to be trusted. */
  readonly racy: boolean;
}

export type ForeignOutcome =
  | { readonly kind: "same"; readonly by: AdoptedBy; readonly content: SameContent }
  /** No checksum tells; `by` where size and time agree. */
  | { readonly kind: "unproven"; readonly by?: "mtime"; readonly content: SameContent }
  | { readonly kind: "other"; readonly reason: string };

/** A look at a file, read whole. */
export interface ReadFile {
  readonly digests: FileDigests;
  readonly racy: boolean;
}

/** Whether an object is the content of the file that has its key. Reads the file, not the object. */
export async function compareForeign(
  context: CompareContext,
  match: ForeignMatch,
): Promise<ForeignOutcome> {
  const { object, row } = match;
  const { size, mtime } = unpackStat(row.stat);
  if (BigInt(object.size) !== size) return other(`it has ${object.size} bytes, the file ${size}`);
  const isAsked = context.asksFirst || !hasPlainEtag(object);
  let head: Asked | "gone" | undefined = isAsked ? await askStore(context, match) : undefined;
  for (;;) {
    if (head === "gone") return other("it is gone meanwhile");
    if (head !== undefined && head.etag !== object.etag) return other("it was replaced meanwhile");
    const facts: ForeignFacts = head?.facts ?? listedFacts(match);
    const read = await readMatched(context, match, digestsWanted(facts, object.size));
    if ("kind" in read) return read;
    const verdict = judgeForeign(facts, read.digests, mtime);
    if (verdict.kind === "other") return other(DIFFERS);
    if (verdict.kind !== "unasked") {
      return { ...verdict, content: contentOf(match, read, head?.version) };
    }
    head = await askStore(context, match);
    // Then the MD5 that it was compared by has decided.
    if (head !== "gone" && head.facts.isEtagMd5) return other(DIFFERS);
  }
}

function contentOf(
  { object: { etag, storageClass } }: ForeignMatch,
  { digests: { sha256 }, racy }: ReadFile,
  version: string | undefined,
): SameContent {
  return { ...{ sha256, etag, storageClass, racy }, ...(version === undefined ? {} : { version }) };
}

export const DIFFERS = "its content is another one";

function other(reason: string): ForeignOutcome {
  return { kind: "other", reason };
}

function listedFacts({ object: { etag } }: ForeignMatch): ForeignFacts {
  return { etag, isEtagMd5: undefined, checksums: {} };
}

interface Asked {
  readonly etag: string;
  readonly version?: string;
  readonly facts: ForeignFacts;
}

async function askStore(
  context: CompareContext,
  { object: { key } }: ForeignMatch,
): Promise<Asked | "gone"> {
  const head = await headOf(context, key);
  if (head === undefined) return "gone";
  const { etag, versionId, metadata } = head;
  const { checksums, hidesMd5 } = "checksums" in head ? head : { checksums: {}, hidesMd5: true };
  // All ETags of a bucket with such a key are so: the next file is read once, not twice.
  if (hidesMd5) context.asksFirst = true;
  return {
    etag,
    ...(versionId === undefined ? {} : { version: versionId }),
    facts: { etag, isEtagMd5: !hidesMd5, checksums, ...foreignMetadata(metadata) },
  };
}

/** Without the checksums where the key that encrypts the object may not be used. */
async function headOf(
  context: CompareContext,
  key: string,
): Promise<ChecksummedHead | ObjectHead | undefined> {
  const { store, signal } = context;
  signal.throwIfAborted();
  context.heads++;
  try {
    if (store.headChecksums !== undefined) return await store.headChecksums(key);
  } catch (error) {
    if (!isKind(error, "denied")) throw error;
    context.heads++;
  }
  return await store.head(key);
}

/** The file as it was observed, or why it is not that any more. */
export async function readMatched(
  { sources, clock, hashing, breathe }: CompareContext,
  { source, path, row }: Pick<ForeignMatch, "source" | "path" | "row">,
  wanted: WantedDigests,
): Promise<ReadFile | ForeignOutcome> {
  const { root, racyWindow } = sources.get(source)!;
  const start = clock.now();
  let file: SourceFile | undefined;
  try {
    file = await root.openFile(path, { record: row.stat, stale: true });
    const opened = file;
    const isAsObserved = async () => sameRecord(await opened.stat(), 0, row.stat);
    if (!await isAsObserved()) return other(CHANGED);
    const size = Number(unpackStat(row.stat).size);
    const digests = await fileDigests(file, size, wanted, { hashing, breathe });
    if (!await isAsObserved()) return other(CHANGED);
    return { digests, racy: isRacy(row.stat, start, racyWindow(splitPath(path).folder)) };
  } catch (error) {
    if (!isKind(error, "entry", "gone", "denied")) throw error;
    return other(`the file could not be read: ${messageOf(error)}`);
  } finally {
    file?.close();
  }
}

const CHANGED = "the file has changed since it was looked at";
