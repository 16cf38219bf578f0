import type { EntryRow } from "../core/index/rows.ts";
import type { RestoreQueue, WorkTables } from "../ports/work_tables.ts";
import { byteBudget } from "./byte_budget.ts";
import { finishFolder, restoreEntry, restoreFolder, restoreLink } from "./restore_entry.ts";
import type { FileItem } from "./restore_file.ts";
import { folderItem, restoreItems, type Selection } from "./restore_items.ts";
import { itemFinder, restorePacked } from "./restore_packed.ts";
import { attempt, fail, flush, isBelowSkipped, type RestoreWork } from "./restore_work.ts";

/** What a file costs in flight, so that many small ones are under way but not all. */
const FILE_WEIGHT = 1;

/** Writes the entries of a restore, as what they need becomes readable. */
export interface RestoreRounds {
  /** All that does not wait for archived objects, nor for the first of its hard links. */
  readable(): Promise<void>;
  /** Files that have waited and are ready. False where there was none. */
  ready(): Promise<boolean>;
  /** Links; where nothing waits any more the folders' own metadata; and what was not told yet. */
  finish(isComplete: boolean): Promise<void>;
  close(): void;
}

export interface RoundsOptions {
  readonly selection: Selection;
  /** Files under way at once. */
  readonly workers: number;
  readonly tables: Pick<WorkTables, "restores">;
}

export function restoreRounds(
  make: Omit<RestoreWork, "queue">,
  { selection, workers, tables }: RoundsOptions,
): RestoreRounds {
  let queue: RestoreQueue | undefined;
  const work: RestoreWork = { ...make, queue: () => queue ??= tables.restores() };
  const folders: number[] = [];
  const itemOf = itemFinder(work.index);

  /** Each step is begun when there is room for it; after a failure none is. */
  async function inTurns(
    begin: (start: (item: FileItem, isWarm: boolean) => Promise<void>) => Promise<void>,
  ) {
    const budget = byteBudget(workers);
    const running = new Set<Promise<void>>();
    const state = { failure: undefined as unknown };
    await begin(async (item, isWarm) => {
      await budget.acquire(FILE_WEIGHT);
      if (state.failure !== undefined) throw state.failure;
      const task = attempt(work, item, () => restoreEntry(work, item, { later: true, isWarm }))
        .then(() => {}, (error) => void (state.failure ??= error))
        .finally(() => {
          budget.release(FILE_WEIGHT);
          running.delete(task);
        });
      running.add(task);
    }).finally(() => Promise.all(running));
    if (state.failure !== undefined) throw state.failure;
  }

  /** Those whose content is in packs, pack by pack. */
  async function packed(): Promise<void> {
    if (queue === undefined) return;
    const full = queue;
    queue = undefined;
    try {
      await restorePacked(work, full);
    } finally {
      full.close();
    }
  }

  return {
    async readable() {
      await inTurns(async (start) => {
        for (const item of restoreItems(work.index, selection)) {
          work.deps.signal.throwIfAborted();
          if (item.kind === "folder") {
            await attempt(work, item, () => restoreFolder(work, item)) &&
              folders.push(item.row.id);
          } else if (isBelowSkipped(work, item.place)) {
            work.waiting.remove(item);
            fail(work, item.place, "its folder could not be made");
          } else if (!work.links.defer(item)) await start(item, false);
        }
      });
      await packed();
      flush(work);
    },
    async ready() {
      const { files } = work.waiting;
      if (files === undefined) return false;
      let count = 0;
      await inTurns(async (start) => {
        for (const file of files.ready()) {
          work.deps.signal.throwIfAborted();
          count++;
          await start(itemOf(file as Pick<EntryRow, "folder" | "name">), true);
        }
      });
      await packed();
      // A process that is killed while it waits has told what it has written.
      flush(work);
      return count > 0;
    },
    async finish(isComplete) {
      for (const { item, existing } of work.links.deferred()) {
        // What the first of them waits for, the others wait for.
        if (existing === undefined && !isComplete) continue;
        await attempt(work, item, () => restoreLink(work, item, existing));
      }
      // A link that could not be made may have to wait for an object of its own.
      if (isComplete && (work.waiting.files?.count().files ?? 0) === 0) {
        for (const id of folders.reverse()) {
          const item = folderItem(work.index, id);
          await attempt(work, item, () => finishFolder(work, item));
        }
      }
      // Only what is restored is on the disk: before any event says so at the end.
      work.deps.target.flush();
      flush(work);
    },
    close: () => queue?.close(),
  };
}
