import type { AnyNewEvent, ObservedEntry } from "../../src/core/event/event.ts";
import { hex } from "../../src/core/hash.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { sourceDigest } from "../../src/core/index/tree_digest.ts";
import { type EntryType, packStat } from "../../src/core/stat_record.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { createLog, sha256 } from "./log_fixture.ts";

export const RUN = "ab".repeat(16);
const FS = "ext4:8712f817aade458d";

export function statOf(type: EntryType, id: bigint, size = 0n): Uint8Array {
  return packStat({
    ...{ type, sparse: false, mode: 0o644, uid: 1000, gid: 1000, fileId: id, size },
    ...{ mtime: 1_700_000_000_123_456_789n, ctime: 1_700_000_001_123_456_789n, birth: 0n },
    rdev: 0n,
  });
}

/** A log like that of two backups: some lines are packed and some are not. */
export function smallLog(file: string): JobLog {
  const log = createLog(file);
  const append = (...events: AnyNewEvent[]) => log.append(RUN, events);
  const who = { host: "h", user: "u", pid: 1, program: "holdfast 0", config: "c" };
  append({ type: "RunStarted", data: { command: "backup", job: "home", ...who } });
  const root = { ...observedOfStat("", "added", statOf("folder", 1n), {}), fs: FS };
  const files: ObservedEntry[] = Array.from(
    { length: 12 },
    (_, i) =>
      observedOfStat(`file ${i}`, "added", statOf("file", BigInt(i) + (1n << 62n), 7n), {
        links: i < 2 ? 2 : 1,
      }),
  );
  const sub = observedOfStat("sub", "added", statOf("folder", 2n), {});
  const link = observedOfStat("link", "added", statOf("symlink", 3n), { target: "file 1" });
  append({
    type: "EntriesObserved",
    data: {
      ...{ source: "", seen: "1700000002000000000" },
      folders: [{ path: "", entries: [root, ...files, sub] }, { path: "sub", entries: [link] }],
    },
  });
  scanned(log);
  store(log, 2);
  const position = log.head().position;
  const changed = observedOfStat("file 3", "changed", statOf("file", 99n, 8n), { prev: position });
  append({
    type: "EntriesObserved",
    data: { source: "", seen: "1700000003000000000", folders: [{ path: "", entries: [changed] }] },
  });
  scanned(log);
  append({ type: "RunFinished", data: { outcome: 0, totals: { entries: "14" } } });
  return log;
}

function scanned(log: JobLog): void {
  const { tables, paths } = log.index;
  const digest = hex(sourceDigest(tables, paths, "", "tree", sha256));
  const data = { source: "", entries: "14", bytes: "84", digest, fileSystem: FS };
  log.append(RUN, [{ type: "ScanCompleted", data }]);
}

function store(log: JobLog, prev: number): void {
  const objects = Array.from({ length: 12 }, (_, i) => ({
    ...{ name: `file ${i}`, type: "file" as const, etag: "0123456789abcdef".repeat(2) },
    ...{ version: `v${i}`, size: "7", sha256: i.toString(16).padStart(2, "0").repeat(32), prev },
  }));
  const folders = [{ path: "", objects }];
  log.append(RUN, [{ type: "ObjectsStored", data: { source: "", class: "STANDARD", folders } }]);
}
