import type { DeletedObject, DeletionReason } from "../core/event/event.ts";
import { isClaimed } from "../core/index/key_claim.ts";
import { joinPath, jsonOfText, textOfBytes } from "../core/path_text.ts";
import type { DeletionRow, EntryRow } from "../core/index/rows.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import { eachInParallel } from "./in_parallel.ts";
import type { StoreContext } from "./store_context.ts";

/** What one DeleteObjects request takes (AWS: API_DeleteObjects). */
const BATCH = 1000;
/** Such requests under way at once. */
const IN_FLIGHT = 16;

export type DeleteContext =
  & Pick<StoreContext, "log" | "run" | "emit" | "totals">
  & {
    readonly store: StoreContext["options"]["store"];
    /** Sends the log first: what was decided outlasts what is deleted. */
    readonly ship: () => Promise<void>;
  };

/**
 * Deletes what was decided to be deleted, in this run or in one that was cut off: never a key that
 * is an alias target or that a live entry has meanwhile.
 */
export async function executeDeletions(context: DeleteContext): Promise<void> {
  const { log, run, store, emit } = context;
  const { index } = log;
  if (!index.tables.hasDeletions()) return;
  const due = index.deletions().filter(({ key, version }) =>
    version !== "" || (!index.isAliasTarget(key) && !isClaimed(index, key))
  );
  if (due.length === 0) return;
  await context.ship();
  const batches: DeletionRow[][] = [];
  for (let at = 0; at < due.length; at += BATCH) batches.push(due.slice(at, at + BATCH));
  // A request of a thousand deletes is mostly waiting for the store.
  await eachInParallel(batches, IN_FLIGHT, async (batch) => {
    const names = batch.map(({ key, version }) => ({
      key,
      ...(version === "" ? {} : { versionId: version }),
    }));
    const refused = await store.delete(names);
    const kept = new Set(refused.map(({ object }) => `${object.key}\0${object.versionId ?? ""}`));
    for (const { object, reason } of refused.slice(0, 1)) {
      const more = refused.length > 1 ? ` and ${refused.length - 1} more` : "";
      emit({ kind: "notice", text: `could not delete ${object.key}${more}: ${reason}` });
    }
    const gone = batch.filter(({ key, version }) => !kept.has(`${key}\0${version}`));
    const groups = Map.groupBy(gone, ({ why }) => why);
    const events = [...groups].map(([why, rows]) => ({
      type: "ObjectDeleted" as const,
      data: { why, objects: rows.map(({ object }) => JSON.parse(object) as DeletedObject) },
    }));
    if (events.length > 0) log.append(run, events);
    context.totals.deleted += gone.length;
  });
}

/** Decides to delete the objects of entries that are gone, of these sources (`delete = true`). */
export function planRemovedDeletions(
  { log, run }: Pick<DeleteContext, "log" | "run">,
  sources: ReadonlySet<string>,
): void {
  let batch: DeletedObject[] = [];
  const flush = () => {
    if (batch.length > 0) appendPlan(log, run, "removed", batch);
    batch = [];
  };
  for (const object of removedObjects(log.index, sources)) {
    if (batch.push(object) >= BATCH) flush();
  }
  flush();
}

function appendPlan(
  log: DeleteContext["log"],
  run: string,
  why: DeletionReason,
  objects: DeletedObject[],
): void {
  log.append(run, [{ type: "DeletionPlanned", data: { why, objects } }], { durable: true });
}

/** Objects of removed entries, but for alias targets and keys that live entries have. */
export function* removedObjects(
  index: DeleteContext["log"]["index"],
  sources: ReadonlySet<string>,
): Generator<DeletedObject> {
  const mayGo = (key: string) => !index.isAliasTarget(key) && !isClaimed(index, key);
  for (const row of keptEntries(index)) {
    const { source, path: folder } = index.paths.pathOf(row.folder);
    const key = index.keys.ofEntry(row);
    if (!sources.has(source) || !mayGo(key)) continue;
    const path = joinPath(folder, textOfBytes(row.name));
    yield {
      ...{ source, path: jsonOfText(path), key, stored: Math.abs(row.content.stored) },
      ...(row.content.since === 0 ? {} : { since: row.content.since }),
      // What a marker says is in the index: no snapshot needs the object.
      ...(row.content.version === null && row.stat[0] === FILE_CODE ? { until: row.position } : {}),
    };
  }
  for (let after = 0;;) {
    const page = index.keptFolders(after, BATCH);
    for (const row of page) {
      after = row.id;
      const { source, path } = index.paths.pathOf(row.id);
      const key = index.keys.ofFolder(row);
      if (!sources.has(source) || !mayGo(key)) continue;
      const stored = Math.abs(row.content.stored);
      yield { source, path: jsonOfText(path), folder: true, key, stored };
    }
    if (page.length < BATCH) return;
  }
}

function* keptEntries(index: DeleteContext["log"]["index"]): Generator<EntryRow> {
  let after: EntryRow | undefined;
  for (;;) {
    const page = index.keptEntries(after, BATCH);
    yield* page;
    after = page.at(-1);
    if (page.length < BATCH) return;
  }
}
