import { IN_PACKS, isLive } from "../core/index/rows.ts";
import { packIndexKey } from "../core/pack/pack_layout.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";
import type { ExpectedObject } from "../ports/work_tables.ts";
import { storedForm } from "./check_contents.ts";
import { isToBeDeleted } from "./check_packs.ts";
import type { ReconcileContext } from "./reconcile_context.ts";
import { touchedRows } from "./replay_snapshots.ts";

export interface ExpectedCounts {
  entries: number;
  /** Entries whose content is not stored yet. */
  unstored: number;
  /** That have to be there. */
  objects: number;
  bytes: number;
}

const NO_NAME = new Uint8Array(0);
/** Of what is known by its key alone. */
const BARE = {
  ...{ id: 0, name: NO_NAME, version: null, etag: null, size: undefined },
  storageClass: "STANDARD",
} as const;

/** Writes down what the index says to be in the store: about 150 bytes an object, on disk. */
export async function fillExpected(
  { log, expected, breathe }: Pick<ReconcileContext, "log" | "expected" | "breathe">,
): Promise<ExpectedCounts> {
  const { index } = log;
  const counts: ExpectedCounts = { entries: 0, unstored: 0, objects: 0, bytes: 0 };
  const add = (object: ExpectedObject) => {
    expected.add(object);
    if (object.kind === "kept") return;
    counts.objects++;
    counts.bytes += object.size ?? 0;
  };
  for (const item of touchedRows(index, 0)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const { row } = item;
    // A source has no object: all else is in it.
    if ("parent" in row && row.parent === 0) continue;
    if (isLive(row)) {
      counts.entries++;
      if (row.content.stored <= 0) counts.unstored++;
    }
    if (row.content.etag !== null && row.content.etag !== IN_PACKS) add(contentOf(index, item));
  }
  addPacks(log, add);
  for (const kind of ["segment", "renames"] as const) {
    for (const { key, first } of index.segments(kind)) add({ ...BARE, key, kind, id: first });
  }
  return counts;
}

function contentOf({ keys }: IndexModel, { isFolder, row }: Unstored): ExpectedObject {
  const isMissed = isLive(row) && row.content.stored > 0;
  return {
    ...{ key: keys.ofRow(row), ...storedForm(row) },
    kind: !isMissed ? "kept" : isFolder ? "folder" : "entry",
    id: isFolder ? row.id : row.folder,
    name: isFolder ? NO_NAME : row.name,
  };
}

function addPacks(
  log: ReconcileContext["log"],
  add: (object: ExpectedObject) => void,
): void {
  for (const row of log.index.packs.all()) {
    const { id, key, pack, encryption, version, etag, size, storageClass } = row;
    const isMissed = row.stored > 0 && !isToBeDeleted(log, row);
    const indexKey = packIndexKey(pack, encryption === "age");
    add({
      ...{ key, kind: isMissed ? "pack" : "kept", id, name: NO_NAME },
      ...{ version, etag, size, storageClass },
    });
    add({ ...BARE, key: indexKey, kind: isMissed ? "pack index" : "kept", id });
  }
}
