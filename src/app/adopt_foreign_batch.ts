import { type AnyNewEvent, BATCH_ENTRIES, type StoredFolder } from "../core/event/event.ts";
import type { AdoptedBy } from "../core/mirror/judge_foreign.ts";
import { jsonOfText, type PathText, splitPath } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { SameContent } from "./adopt_foreign_compare.ts";
import type { ForeignMatch } from "./adopt_foreign_match.ts";
import { upsert } from "./upsert.ts";

/** Appends what is adopted as batch events. */
export interface AdoptedBatch {
  add(
    match: Pick<ForeignMatch, "source" | "path" | "row">,
    by: AdoptedBy,
    content: SameContent,
  ): void;
  flush(): void;
}

interface Group {
  readonly source: string;
  readonly class: string;
  readonly adopted: AdoptedBy;
  readonly folders: Map<PathText, StoredFolder>;
}

export function adoptedBatch(log: JobLog, run: string): AdoptedBatch {
  let groups = new Map<string, Group>();
  let count = 0;

  function flush(): void {
    if (count === 0) return;
    const events = [...groups.values()].map(({ folders, ...group }): AnyNewEvent => ({
      type: "ObjectsStored",
      data: { ...group, folders: [...folders.values()] },
    }));
    log.append(run, events);
    [groups, count] = [new Map(), 0];
  }

  return {
    add({ source, path, row }, by, { sha256, etag, version, storageClass, racy }) {
      const group = upsert(groups, `${by}\0${storageClass}\0${source}`, () => ({
        ...{ source, class: storageClass, adopted: by },
        folders: new Map<PathText, StoredFolder>(),
      }));
      const { folder, name } = splitPath(path);
      const place = { path: jsonOfText(folder), objects: [] };
      upsert(group.folders, folder, () => place).objects.push({
        ...{ name: jsonOfText(name), type: "file" },
        ...(version === undefined ? {} : { version }),
        ...{ etag, size: unpackStat(row.stat).size.toString(), sha256 },
        ...(racy ? { racy: true as const } : {}),
        prev: row.position,
      });
      if (++count >= BATCH_ENTRIES) flush();
    },
    flush,
  };
}
