import type { DeletedObject, StoredFolder } from "../core/event/event.ts";
import { CONTENT_FOLDER } from "../core/mirror/object_key.ts";
import { joinPath, jsonOfText, textOfBytes, textOfJson } from "../core/path_text.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";

/**
 * Objects under the old keys of a moved folder whose entries have had theirs under the new ones
 * since: by the log, so that it does not matter which run has copied which.
 */
export function leftUnder(log: JobLog, folder: number, since: number): DeletedObject[] {
  const prefixes = log.index.keys.prefixesOf(folder);
  const sources = sourcesOf(log.index, folder);
  const found = new Map<string, DeletedObject>();
  for (const type of ["ObjectCopied", "ObjectsStored"] as const) {
    for (const event of log.events({ type, from: since })) {
      const { source, folders } = event.data as { source: string; folders: StoredFolder[] };
      // Keys of a source without a name have nothing in front that tells them from others'.
      if (!sources.has(source)) continue;
      for (const { path, objects } of folders) {
        for (const { name, type, from, was, wasSince, until } of objects) {
          if (from === undefined || was === undefined) continue;
          if (from.startsWith(CONTENT_FOLDER)) continue;
          if (!prefixes.some((prefix) => from.startsWith(prefix))) continue;
          found.set(from, {
            ...{ source, key: from, stored: was },
            path: jsonOfText(joinPath(textOfJson(path), textOfJson(name))),
            ...(type === "folder" ? { folder: true as const } : {}),
            ...(wasSince === undefined ? {} : { since: wasSince }),
            ...(until === undefined ? {} : { until }),
          });
        }
      }
    }
  }
  return [...found.values()];
}

/** Names that the source of a folder has and ever had. */
function sourcesOf({ tables }: IndexModel, folder: number): Set<string> {
  let row = tables.folderById(folder)!;
  while (row.parent !== 0) row = tables.folderById(row.parent)!;
  return new Set([row, ...row.moves].map(({ name }) => textOfBytes(name)));
}
