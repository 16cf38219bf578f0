import type { AnyNewEvent, ObservedEntry, StoredEntry } from "../../src/core/event/event.ts";
import { jsonOfText, type PathText } from "../../src/core/path_text.ts";
import type { EntryType } from "../../src/core/stat_record.ts";
import type { JobLog } from "../../src/ports/event_log.ts";

/** Logs written by hand, for the commands that look. */
export const RUN = { first: "aaaa".repeat(8), second: "bbbb".repeat(8) };

export function entry(name: PathText, more: Partial<ObservedEntry> = {}): ObservedEntry {
  const type: EntryType = more.type ?? "file";
  return {
    name: jsonOfText(name),
    change: "added",
    ...{ type, mode: type === "folder" ? 0o755 : 0o644, uid: 0, gid: 0, id: "1" },
    ...{ mtime: "1700000000123456789", ctime: "1700000000123456789" },
    ...(type === "file" ? { size: "5" } : {}),
    ...more,
  };
}

export function folder(name: PathText, more: Partial<ObservedEntry> = {}): ObservedEntry {
  return entry(name, { type: "folder", ...more });
}

export function removed(name: PathText, prev: number): ObservedEntry {
  return { name: jsonOfText(name), change: "removed", prev };
}

type Batch<Item> = Readonly<Record<PathText, Item[]>>;

export function observed(source: string, folders: Batch<ObservedEntry>): AnyNewEvent {
  const batch = Object.entries(folders).map(([path, entries]) => ({
    path: jsonOfText(path),
    entries,
  }));
  return { type: "EntriesObserved", data: { source, seen: "0", folders: batch } };
}

export function stored(source: string, folders: Batch<StoredEntry>): AnyNewEvent {
  const batch = Object.entries(folders).map(([path, objects]) => ({
    path: jsonOfText(path),
    objects,
  }));
  return { type: "ObjectsStored", data: { source, class: "STANDARD", folders: batch } };
}

export function object(name: PathText, prev: number): StoredEntry {
  const sha256 = "ab".repeat(32);
  return { name: jsonOfText(name), type: "file", etag: "e", size: "5", sha256, prev };
}

export function started(command: string, pid = 1): AnyNewEvent {
  const who = { host: "host", user: "me", pid, program: "holdfast 0.1.0", config: "" };
  return { type: "RunStarted", data: { command, job: "home", ...who } };
}

export function finished(outcome = 0): AnyNewEvent {
  return { type: "RunFinished", data: { outcome, totals: {} } };
}

export function scanned(source: string): AnyNewEvent {
  const path = "/src";
  const data = { source, path, rules: "", fileSystem: "fs", walker: "linux" };
  return { type: "ScanStarted", data };
}

export function snapshot(entries: number, gaps = 0): AnyNewEvent {
  const data = { sources: [{ name: "", digest: "00" }], entries: String(entries), bytes: "15" };
  return { type: "SnapshotCreated", data: gaps === 0 ? data : { ...data, gaps } };
}

/**
 * Two backups of one source without a name: positions 1 to 6 and 7 to 11. Before: `b.txt`, `docs`
 * with `a.txt` and `z.txt`, `link`, `docs-2`. After: `docs/z.txt` removed, `docs/new.txt` added and
 * not stored.
 */
export function twoBackups(log: JobLog): void {
  log.append(RUN.first, [started("backup"), scanned("")]);
  log.append(RUN.first, [
    observed("", {
      "": [
        folder("", { fs: "fs" }),
        entry("b.txt"),
        folder("docs"),
        folder("docs-2"),
        entry("link", { type: "symlink", target: "b.txt" }),
      ],
      docs: [entry("a.txt", { size: "7" }), entry("z.txt")],
    }),
  ]);
  log.append(RUN.first, [
    stored("", { "": [object("b.txt", 3)], docs: [object("a.txt", 3), object("z.txt", 3)] }),
  ]);
  log.append(RUN.first, [snapshot(6), finished()]);
  log.append(RUN.second, [started("backup"), scanned("")]);
  log.append(RUN.second, [
    observed("", { docs: [entry("new.txt", { size: "1000" }), removed("z.txt", 4)] }),
  ]);
  log.append(RUN.second, [finished(3)]);
}
