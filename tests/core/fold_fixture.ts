import type {
  AnyEvent,
  AnyNewEvent,
  EventData,
  ObservedContent,
  ObservedEntry,
  StoredEntry,
} from "../../src/core/event/event.ts";
import { hex } from "../../src/core/hash.ts";
import { isAliasTarget } from "../../src/core/index/alias_guard.ts";
import { indexFold } from "../../src/core/index/fold.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import type { EntryRow, FolderRow } from "../../src/core/index/rows.ts";
import { projectRuns } from "../../src/core/index/run_fold.ts";
import { sourceDigest } from "../../src/core/index/tree_digest.ts";
import { bytesOfText, joinPath, splitPath } from "../../src/core/path_text.ts";
import { type EntryType, packStat } from "../../src/core/stat_record.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { memoryTables } from "./memory_tables.ts";

/** An index in maps, told by short words what happened to the one source "docs". */
export type FoldFixture = ReturnType<typeof foldFixture>;

const FS = "ext4:1";
const RUN = "ab".repeat(16);

export function statOf(type: EntryType, id = 1): Uint8Array {
  return packStat({
    ...{ type, sparse: false, mode: 0o644, uid: 0, gid: 0, fileId: BigInt(id) },
    ...{ size: type === "file" ? 7n : 0n, mtime: 5n, ctime: 6n, birth: 0n, rdev: 0n },
  });
}

export function foldFixture(source = "docs") {
  const memory = memoryTables();
  const { tables, state } = memory;
  const fold = indexFold(tables);
  const { paths, keys } = fold;
  let position = 0;
  let name = source;

  function append(event: AnyNewEvent): number {
    position++;
    const logged = { ...event, position, at: "", run: RUN, version: 1 } as AnyEvent;
    fold.project(logged);
    projectRuns(tables, logged);
    return position;
  }

  function folder(path: string): FolderRow {
    const row = paths.find(name, path);
    if (row === undefined) throw new Error(`no folder ${path}`);
    return row;
  }

  function entry(path: string): EntryRow {
    const { folder: holder, name: last } = splitPath(path);
    const row = tables.findEntry(folder(holder).id, bytesOfText(last));
    if (row === undefined) throw new Error(`no entry ${path}`);
    return row;
  }

  function found(path: string): EntryRow | FolderRow | undefined {
    const { folder: holder, name: last } = splitPath(path);
    const row = paths.find(name, holder);
    const known = row === undefined ? undefined : tables.findEntry(row.id, bytesOfText(last));
    return known ?? paths.find(name, path);
  }

  /** One event of entries by their whole paths, each a group of its own, in this order. */
  function observe(...seen: { path: string; entry: Omit<ObservedEntry, "name"> }[]): number {
    const folders = seen.map(({ path, entry }) => {
      const { folder: holder, name: last } = splitPath(path);
      return { path: holder, entries: [{ ...entry, name: last }] };
    });
    return append({ type: "EntriesObserved", data: { source: name, seen: "1", folders } });
  }

  function seen(
    path: string,
    change: "added" | "changed" | "moved" | "linked" | "reverted",
    more: Partial<ObservedEntry> & { is?: EntryType; stat?: Uint8Array } = {},
  ) {
    const { is: type = "file", stat = statOf(type), ...rest } = more;
    const prev = rest.prev ?? found(path)?.position;
    const { name: _, ...entry } = observedOfStat("", change, stat, { prev, links: rest.links });
    return { path, entry: { ...entry, ...rest } };
  }

  function removed(path: string) {
    const row = found(path)!;
    const type = "parent" in row ? "folder" as const : "file" as const;
    return { path, entry: { change: "removed" as const, type, prev: row.position } };
  }

  /** Where the content of a file is, as an event says it. */
  function contentOf(path: string): ObservedContent {
    const row = entry(path);
    const { stored, etag, sha256 } = row.content;
    return {
      ...{ stored, key: keys.ofEntry(row), etag: etag! },
      ...(sha256 === null ? {} : { sha256: hex(sha256) }),
    };
  }

  function moved(from: string, to: string, more: Partial<ObservedEntry> = {}) {
    const content = contentOf(from);
    return seen(to, "moved", { from, evidence: "file id", content, ...more });
  }

  function movedFolder(from: string, to: string) {
    const { position: prev } = folder(from);
    return seen(to, "moved", { is: "folder", from, evidence: "file id", prev });
  }

  function store(
    path: string,
    more: Partial<StoredEntry> = {},
    type: "ObjectsStored" | "ObjectCopied" = "ObjectsStored",
  ): number {
    const row = found(path)!;
    const isFolder = "parent" in row;
    const object: StoredEntry = {
      ...{ name: splitPath(path).name, type: isFolder ? "folder" : "file", etag: `e${position}` },
      ...(isFolder ? {} : { sha256: position.toString(16).padStart(2, "0").repeat(32) }),
      ...{ prev: row.position, ...more },
    };
    const folders = [{ path: splitPath(path).folder, objects: [object] }];
    return append({ type, data: { source: name, class: "STANDARD", folders } });
  }

  const settled = (
    data: Partial<EventData["RenameSettled"]> & Pick<EventData["RenameSettled"], "paths">,
  ) => append({ type: "RenameSettled", data: { source: name, obsolete: [], ...data } });

  const root = { ...observedOfStat("", "added", statOf("folder"), {}), fs: FS };
  const data = { source, seen: "1", folders: [{ path: "", entries: [root] }] };
  append({ type: "EntriesObserved", data });
  return {
    ...{ tables, state, keys, paths, append, folder, entry, observe, seen, removed },
    ...{ contentOf, moved, movedFolder, store, settled },
    position: () => position,
    /** New files and folders (these end in "/"), and what is stored of them. */
    add(...names: string[]): void {
      for (const path of names) {
        const isFolder = path.endsWith("/");
        const plain = isFolder ? path.slice(0, -1) : path;
        observe(seen(plain, "added", { is: isFolder ? "folder" : "file" }));
        store(plain);
      }
    },
    moveFolder: (from: string, to: string) => observe(movedFolder(from, to)),
    moveFile: (from: string, to: string) => observe(moved(from, to), removed(from)),
    /** The source has another name from now on. */
    renameSource(to: string): void {
      append({ type: "SourceRenamed", data: { from: name, to } });
      name = to;
    },
    snapshot: () =>
      append({ type: "SnapshotCreated", data: { sources: [], entries: "1", bytes: "0" } }),
    forget: (at: number) =>
      append({
        type: "SnapshotForgotten",
        data: { snapshots: [{ position: at, reason: "test" }] },
      }),
    keyOf: (path: string) => keys.ofEntry(entry(path)),
    isTarget: (key: string) => isAliasTarget(tables, key),
    /** From and to of what is not settled, folders with "/". */
    renames: () =>
      [...state.renames.values()].map(({ folder: id, name: bytes, fromKey }) => {
        const { path } = paths.pathOf(id);
        const last = new TextDecoder().decode(bytes);
        return `${fromKey} -> ${last === "" ? `${path}/` : joinPath(path, last)}`;
      }).sort(),
    aliases: () => [...new Set([...state.aliases.values()].map(({ key }) => key))].sort(),
    digest: (kind: "tree" | "content") =>
      hex(sourceDigest(tables, paths, name, kind, platformHashing.sha256)),
  };
}
