import type { ObservedEntry } from "../core/event/event.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import { UNREADABLE, UNSETTLED } from "../core/index/rows.ts";
import { type PathText, splitPath } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** A known folder that a walk found on another file system than before. */
export interface MovedFolder {
  readonly path: PathText;
  readonly fileSystem: string;
}

/**
 * The observations that follow once the delete guard has passed: until then a folder stays where it
 * was, or the guard would take a foreign file system for its own the next time.
 */
export function* observeMoved(
  index: IndexModel,
  source: string,
  moved: readonly MovedFolder[],
): Generator<{ folder: PathText; entry: ObservedEntry }> {
  for (const { path, fileSystem } of moved) {
    const row = index.paths.find(source, path)!;
    const { stat, attributes, state, position: prev } = index.tables.folderById(row.id)!;
    if ((state & UNREADABLE) !== 0) continue;
    const { folder, name } = splitPath(path);
    const entry = observedOfStat(name, "changed", stat, { attributes, fileSystem, prev });
    if ((state & UNSETTLED) !== 0) entry.racy = true;
    yield { folder, entry };
  }
}
