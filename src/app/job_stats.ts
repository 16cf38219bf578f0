import { compareText, type PathText } from "../core/path_text.ts";
import { ENTRY_TYPES, type EntryType, FILE_CODE } from "../core/stat_record.ts";
import type { EventVolume, JobLog } from "../ports/event_log.ts";
import { liveRoots } from "./find_listed.ts";
import { listEntries } from "./list_entries.ts";

/** Counts and sizes of what the index holds now. */
export interface JobStats {
  readonly sources: readonly SourceStats[];
  /** Largest first. */
  readonly largest: readonly LargeFile[];
  readonly events: readonly EventVolume[];
}

export interface SourceStats {
  readonly name: string;
  /** Without the source's root. */
  readonly counts: Readonly<Record<EntryType, number>>;
  /** Of files, each hard link counted. */
  readonly bytes: bigint;
  /** Of files whose content is stored as it was last observed. */
  readonly storedBytes: bigint;
}

export interface LargeFile {
  readonly path: PathText;
  readonly bytes: bigint;
}

const LARGEST = 10;

/** Reads every entry; `breathe` is called after each. */
export async function jobStats(
  log: JobLog,
  breathe: () => Promise<void> | undefined,
): Promise<JobStats> {
  const largest: LargeFile[] = [];
  const sources: SourceStats[] = [];
  for (const { name, root } of liveRoots(log.index)) {
    const counts = Object.fromEntries(ENTRY_TYPES.map((type) => [type, 0])) as Counts;
    let bytes = 0n;
    let storedBytes = 0n;
    const listed = { kind: "folder", path: name, row: root } as const;
    for (const { path, row } of listEntries(log.index, listed, { recursive: true })) {
      counts[ENTRY_TYPES[row.stat[0] - 1]]++;
      if (row.stat[0] === FILE_CODE) {
        const size = sizeOf(row.stat);
        bytes += size;
        if (row.content.stored > 0) storedBytes += size;
        if (largest.length < LARGEST || size > largest[LARGEST - 1].bytes) {
          keepLargest(largest, { path, bytes: size });
        }
      }
      const pause = breathe();
      if (pause !== undefined) await pause;
    }
    sources.push({ name, counts, bytes, storedBytes });
  }
  return { sources, largest, events: log.volumes() };
}

type Counts = Record<EntryType, number>;

function sizeOf(stat: Uint8Array): bigint {
  return new DataView(stat.buffer, stat.byteOffset).getBigInt64(24, true);
}

function keepLargest(largest: LargeFile[], file: LargeFile): void {
  largest.push(file);
  largest.sort((a, b) =>
    a.bytes === b.bytes ? compareText(a.path, b.path) : a.bytes > b.bytes ? -1 : 1
  );
  if (largest.length > LARGEST) largest.pop();
}
