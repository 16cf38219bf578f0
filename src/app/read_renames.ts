import { isKind, messageOf } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import type { Gap } from "../core/mirror/path_timeline.ts";
import {
  decodeRenames,
  RENAMES_PREFIX,
  type RenamesHeader,
  renamesOfKey,
  type RenamesRecord,
} from "../core/mirror/renames_record.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { readBody } from "./read_body.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface FoundRenames {
  /** In order of position. */
  readonly records: readonly RenamesRecord[];
  readonly shipped: readonly { key: string; header: RenamesHeader }[];
  /** Highest position that the name of one has. */
  readonly highest: number;
  readonly missing: readonly string[];
}

export interface ReadRenamesDeps {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  readonly coding: BodyCoding;
}

/**
 * All renames objects of all logs. One that is damaged is a sentence, not the end. Throws kind "key"
 * where one is encrypted and cannot be opened.
 */
export async function readRenames(
  { store, hashing, coding }: ReadRenamesDeps,
  after: number,
): Promise<FoundRenames> {
  const records: RenamesRecord[] = [];
  const shipped: { key: string; header: RenamesHeader }[] = [];
  const missing: string[] = [];
  let highest = 0;
  for (const { key, log, last } of await listRenames(store)) {
    highest = Math.max(highest, last);
    if (last <= after) continue;
    try {
      const { body, head } = await getWhole(store, key);
      const isWhole = hex(hashing.sha256(body)) === head.metadata.sha256;
      const text = isWhole ? new TextDecoder().decode(await coding.unpack(key, body)) : "";
      const found = decodeRenames(text, { log, last });
      if (found === undefined) {
        missing.push(`the renames object ${key} is damaged: what it says is not in the index`);
        continue;
      }
      shipped.push({ key, header: found.header });
      for (const record of found.records) if (record.position > after) records.push(record);
    } catch (error) {
      if (!isKind(error, "gone", "damage", "refused")) throw error;
      missing.push(`the renames object ${key} could not be read: ${messageOf(error)}`);
    }
  }
  records.sort((a, b) => a.position - b.position);
  return { records, shipped, highest, missing };
}

async function getWhole(store: ObjectStore, key: string) {
  const answer = await store.get(key);
  return { body: await readBody(answer), head: answer.head };
}

async function listRenames(store: ObjectStore) {
  const found: { key: string; log: string; last: number }[] = [];
  for await (const page of store.list(RENAMES_PREFIX)) {
    for (const { key } of page) {
      const place = renamesOfKey(key);
      if (place !== undefined) found.push({ key, ...place });
    }
  }
  return found.sort((a, b) => a.last - b.last);
}

/** Positions after `after` that none of them covers: each begins where the one before it ended. */
export function gapsOf(
  headers: readonly Pick<RenamesHeader, "first" | "last">[],
  { after, highest }: { after: number; highest: number },
): Gap[] {
  const gaps: Gap[] = [];
  let covered = after;
  for (const { first, last } of headers.toSorted((a, b) => a.first - b.first)) {
    if (first > covered + 1) gaps.push({ first: covered + 1, last: first - 1 });
    covered = Math.max(covered, last);
  }
  if (highest > covered) gaps.push({ first: covered + 1, last: highest });
  return gaps;
}
