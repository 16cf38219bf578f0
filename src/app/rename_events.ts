import type { PlannedRename } from "../core/event/event.ts";
import { jsonOfText } from "../core/path_text.ts";
import type { OpenRename } from "./open_renames.ts";
import type { MovingFolder } from "./rename_work.ts";
import type { Settling } from "./settling.ts";
import type { StoreContext } from "./store_context.ts";

/** Renames or objects of one event, and of what is shipped around paid copies (DESIGN section 6). */
export const RENAME_BATCH = 1000;

/** The intent, on the disk before the first request; of a folder once. */
export function recordPlan(
  { context: { log, run }, planned: before }: Settling,
  files: readonly OpenRename[],
  folders: readonly MovingFolder[],
): void {
  const news = folders.filter((folder) => !before.has(folder));
  for (const folder of news) before.add(folder);
  const renames = [...files, ...news.map(({ rename }) => rename)];
  if (renames.length === 0) return;
  const events = bySource(renames).map((batch) => ({
    type: "RenamePlanned" as const,
    data: { source: batch[0].source, renames: batch.map(planned) },
  }));
  log.append(run, events, { durable: true });
}

/** What becomes an alias, to be recorded some at a time. */
export function aliasing(context: StoreContext) {
  const batch: OpenRename[] = [];
  const flush = () => recordAliases(context, batch.splice(0));
  return {
    add(rename: OpenRename): void {
      if (batch.push(rename) >= RENAME_BATCH) flush();
    },
    flush,
  };
}

export function recordAliases(context: StoreContext, open: readonly OpenRename[]): void {
  if (open.length === 0) return;
  const events = bySource(open).map((batch) => ({
    type: "RenameAliased" as const,
    data: {
      source: batch[0].source,
      renames: batch.map((item) => planned({ ...item, way: "alias" })),
    },
  }));
  context.log.append(context.run, events, { durable: true });
  context.totals.aliased += open.length;
}

function planned({ path, rename, folder, way: decided, why }: OpenRename): PlannedRename {
  const isFolder = folder === undefined ? {} : { folder: true as const };
  const way = decided === "warm-up" ? "copy" : decided;
  return { path: jsonOfText(path), from: rename.fromKey, ...isFolder, way, why };
}

/** Batches of one source each. */
function bySource(renames: readonly OpenRename[]): OpenRename[][] {
  const all: OpenRename[][] = [];
  for (const rename of renames) {
    const last = all.at(-1);
    if (last?.[0].source === rename.source && last.length < RENAME_BATCH) last.push(rename);
    else all.push([rename]);
  }
  return all;
}
