import { HoldfastError, isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import type { Gap } from "../core/mirror/path_timeline.ts";
import {
  decodeRenames,
  type EntryRecord,
  RENAMES_PREFIX,
  type RenamesHeader,
  renamesOfKey,
  type RenamesRecord,
} from "../core/mirror/renames_record.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { RecordTable } from "../ports/rebuild_tables.ts";
import { byteBudget } from "./byte_budget.ts";
import { inOrder } from "./in_order.ts";
import { readBody } from "./read_body.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface FoundRenames {
  /** In order of position, but for what records say of entries: the table has that. */
  readonly records: readonly ChangeRecord[];
  readonly entries: RecordTable;
  readonly shipped: readonly { key: string; header: RenamesHeader }[];
  /** Highest position that the name of one has. */
  readonly highest: number;
  readonly missing: readonly string[];
}

export type ChangeRecord = Exclude<RenamesRecord, EntryRecord>;

export interface ReadRenamesDeps {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  readonly coding: BodyCoding;
}

/** Objects of many small runs come together; of large ones, 16 MiB of records each, a few. */
const AHEAD = 15;
/** Stored bytes of those that are under way or worked on. */
const MEMORY = 2 * 1024 * 1024;

/**
 * All renames objects of all logs. One that is damaged is a sentence, not the end. Throws kind "key"
 * where one is encrypted and cannot be opened.
 */
export async function readRenames(
  deps: ReadRenamesDeps,
  entries: RecordTable,
  after: number,
): Promise<FoundRenames> {
  const records: ChangeRecord[] = [];
  const shipped: { key: string; header: RenamesHeader }[] = [];
  const missing: string[] = [];
  const names = await listRenames(deps.store);
  const wanted = names.filter(({ last }) => last > after);
  const budget = byteBudget(MEMORY);
  const texts = inOrder(wanted, AHEAD, async (name) => {
    await budget.acquire(name.size);
    return { name, text: await fetchRenames(deps, name) };
  });
  for await (const { name, text } of texts) {
    const { key, size } = name;
    budget.release(size);
    if (text instanceof HoldfastError) {
      missing.push(`the renames object ${key} could not be read: ${text.message}`);
      continue;
    }
    const found = decodeRenames(text, name);
    if (found === undefined) {
      missing.push(`the renames object ${key} is damaged: what it says is not in the index`);
      continue;
    }
    shipped.push({ key, header: found.header });
    for (const record of found.records()) {
      if (record.position <= after) continue;
      if (record.is === "entry") entries.add(record);
      else records.push(record);
    }
  }
  records.sort((a, b) => a.position - b.position);
  return { records, entries, shipped, highest: names.at(-1)?.last ?? 0, missing };
}

/** How many records there are of all kinds. */
export function recordCount({ records, entries }: FoundRenames): number {
  return records.length + entries.count();
}

interface RenamesName {
  readonly key: string;
  readonly log: string;
  readonly last: number;
  readonly size: number;
}

/** An empty text where it is not what was written. */
async function fetchRenames(
  { store, hashing, coding }: ReadRenamesDeps,
  { key }: RenamesName,
): Promise<string | HoldfastError> {
  try {
    const { body, head } = await getWhole(store, key);
    const isWhole = hex(hashing.sha256(body)) === head.metadata.sha256;
    return isWhole ? decoder.decode(await coding.unpack(key, body)) : "";
  } catch (error) {
    if (!isKind(error, "gone", "damage", "refused")) throw error;
    return error;
  }
}

const decoder = new TextDecoder();

async function getWhole(store: ObjectStore, key: string) {
  const answer = await store.get(key);
  return { body: await readBody(answer), head: answer.head };
}

async function listRenames(store: ObjectStore): Promise<RenamesName[]> {
  const found: RenamesName[] = [];
  for await (const page of store.list(RENAMES_PREFIX)) {
    for (const { key, size } of page) {
      const place = renamesOfKey(key);
      if (place !== undefined) found.push({ key, size, ...place });
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
