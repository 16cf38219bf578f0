import { BATCH_ENTRIES } from "../core/event/event.ts";
import { jsonOfText, splitPath } from "../core/path_text.ts";
import type { CheckContext } from "./check_context.ts";
import type { ObjectOwner } from "./archived_objects.ts";

/** Collects whose objects were found good, and appends it as batch events. */
export interface VerifiedObjects {
  add(owner: ObjectOwner): void;
  flush(): void;
}

export function verifiedObjects({ log, run }: Pick<CheckContext, "log" | "run">): VerifiedObjects {
  let batch: ObjectOwner[] = [];
  function flush(): void {
    const packs = batch.flatMap((owner) =>
      "pack" in owner ? [log.index.packs.pack(owner.pack)!.pack] : []
    );
    const entries = batch.flatMap((owner) => "pack" in owner ? [] : [owner]);
    batch = [];
    if (packs.length > 0) {
      log.append(run, [{ type: "ObjectVerified", data: { source: "", folders: [], packs } }]);
    }
    for (const [source, items] of Map.groupBy(entries, (entry) => entry.source)) {
      const places = items.map(({ path }) => splitPath(path));
      const folders = [...Map.groupBy(places, ({ folder }) => folder)].map(([folder, inIt]) => ({
        path: jsonOfText(folder),
        names: inIt.map(({ name }) => jsonOfText(name)),
      }));
      log.append(run, [{ type: "ObjectVerified", data: { source, folders } }]);
    }
  }
  return {
    add(owner) {
      if (batch.push(owner) >= BATCH_ENTRIES) flush();
    },
    flush,
  };
}
