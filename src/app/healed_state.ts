import { bytesOfHex } from "../core/hash.ts";
import { entryAt } from "../core/index/row_at.ts";
import { textOfJson } from "../core/path_text.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";

/**
 * Points entries of a replayed state at the objects that `heal` has put in the place of their lost
 * ones since: whoever restores it warms up and reads these. `index` is the replay's own.
 */
export function applyHealed(log: JobLog, index: IndexModel, position: number): void {
  for (const event of log.events({ from: position + 1, type: "ObjectHealed" })) {
    if (event.type !== "ObjectHealed") continue;
    const { source, objects } = event.data;
    for (const { path, lost, from, content } of objects) {
      if (content?.sha256 === undefined) continue;
      const row = entryAt(index, source, textOfJson(path));
      if (row?.content.stored !== lost || index.keys.ofEntry(row) !== from) continue;
      const { stored, key, version = null, etag = null, sha256, header = 0 } = content;
      index.tables.putEntry({
        ...row,
        content: {
          ...{ stored, key, version, etag, sha256: bytesOfHex(sha256), header },
          ...{ storageClass: content.class ?? null, since: content.since ?? 0 },
        },
      });
    }
  }
}
