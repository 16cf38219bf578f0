import assert from "node:assert/strict";
import { listEntries } from "../../src/app/list_entries.ts";
import type { EntryRow } from "../../src/core/index/rows.ts";
import { hex } from "../../src/core/hash.ts";
import { PACK_INDEX_PREFIX, PACKS_PREFIX } from "../../src/core/pack/pack_layout.ts";
import { textOfBytes } from "../../src/core/path_text.ts";
import { typeAt, unpackStat } from "../../src/core/stat_record.ts";
import type { IndexModel } from "../../src/ports/event_log.ts";
import type { World } from "./app_world.ts";
import { type Lost, rebuildFromObjects } from "./rebuilt_world.ts";

/** As rebuildFromObjects, in the pack layout; fails where anything of a pack was read. */
export async function rebuildFromPacks(world: World, lost: Lost = {}) {
  const { requests } = world.store;
  const before = requests.length;
  const report = await rebuildFromObjects(world, { ...lost, layout: "pack" });
  const read = requests.slice(before).filter(({ operation, key }) =>
    operation !== "list" && key.startsWith(PACKS_PREFIX)
  );
  assert.deepEqual(read, []);
  return report;
}

/** Each live entry with all that is kept of it, and where its content is. */
export function packedTree(index: IndexModel): Map<string, string> {
  const tree = new Map<string, string>();
  for (const { path, row } of listEntries(index, { kind: "root" }, { recursive: true })) {
    const isFolder = "parent" in row;
    const { target = null, links = 0 } = isFolder ? {} : row as EntryRow;
    const { stored } = row.content;
    tree.set(
      isFolder ? `${path}/` : path,
      [
        ...[hex(row.stat), row.attributes, links, row.state],
        target === null ? "" : textOfBytes(target),
        isFolder ? row.fileSystem : "",
        stored > 0 ? contentText(index, row as EntryRow) : "not stored",
      ].join(" "),
    );
  }
  return tree;
}

function contentText({ packs }: IndexModel, { stat, content: { sha256 } }: EntryRow): string {
  if (typeAt(stat) !== "file") return "stored";
  if (sha256 === null) return "no hash";
  if (unpackStat(stat).size === 0n) return hex(sha256);
  const place = packs.locate(sha256);
  if (place === undefined) return `${hex(sha256)} is in no pack`;
  const { pack } = packs.pack(place.pack)!;
  const chunks = packs.chunks(sha256).map((chunk) => packs.locate(chunk) !== undefined);
  return `${hex(sha256)} in ${pack} at ${place.at}, ${place.size} bytes, ${place.list}: ${chunks}`;
}

export function indexKeys({ store }: World): string[] {
  return [...store.objects.keys()].filter((key) =>
    key.startsWith(PACK_INDEX_PREFIX) && store.current(key) !== undefined
  ).sort();
}
