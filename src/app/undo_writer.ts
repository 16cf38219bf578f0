import type { ObservedEntry } from "../core/event/event.ts";
import type { PathText } from "../core/path_text.ts";
import type { ScanContext } from "./scan_context.ts";
import { type ObservationBatch, observationBatch } from "./observation_batch.ts";

/** Appends what an undo does to the index, source by source. */
export interface UndoWriter {
  add(source: string, folder: PathText, entry: ObservedEntry): void;
  renameSource(from: string, to: string): void;
  flush(): void;
}

export function undoWriter(
  context: Pick<ScanContext, "log" | "run" | "inPacks" | "clock">,
): UndoWriter {
  const { log, run, inPacks, clock } = context;
  const batches = new Map<string, ObservationBatch>();
  const flush = () => {
    for (const batch of batches.values()) batch.flush();
  };
  return {
    add(source, folder, entry) {
      const batch = batches.get(source) ?? observationBatch(context, source, () => clock.now());
      batches.set(source, batch);
      batch.add(folder, entry);
    },
    renameSource(from, to) {
      flush();
      log.append(run, [{
        type: "SourceRenamed",
        data: { from, to, ...(inPacks ? { packs: true } : {}) },
      }]);
    },
    flush,
  };
}
