import type {
  AliasRow,
  ContentRow,
  DeletionRow,
  DigestKind,
  EntryRow,
  FolderRow,
  IndexTables,
  RenameRow,
} from "../../src/core/index/rows.ts";
import { REMOVED, UNREADABLE, UNSTABLE } from "../../src/core/index/rows.ts";
import type {
  RunRow,
  RunTables,
  SegmentRow,
  SnapshotRow,
  SourceRow,
  UploadRow,
} from "../../src/core/index/run_fold.ts";
import type {
  PackedContentRow,
  PackPartRow,
  PackRow,
  PackTables,
} from "../../src/core/index/pack_rows.ts";
import type {
  FoundClassRow,
  ObjectId,
  RestoreJobRow,
  RestoreObjectRow,
  RestoreTables,
  WarmUpRow,
} from "../../src/core/index/restore_rows.ts";
import { compareBytes } from "../../src/core/path_text.ts";
import { hex } from "../../src/core/hash.ts";

/** What the tables hold, for comparisons and for the slow digest. */
export interface MemoryState {
  folders: Map<number, FolderRow>;
  entries: Map<string, EntryRow>;
  links: Map<string, { fileSystem: string; fileId: bigint; folder: number; name: Uint8Array }>;
  digests: Map<string, Uint8Array>;
  runs: Map<string, RunRow>;
  snapshots: Map<number, SnapshotRow>;
  uploads: Map<string, UploadRow>;
  sources: Map<string, SourceRow>;
  renames: Map<string, RenameRow>;
  aliases: Map<string, AliasRow>;
  deletions: Map<string, DeletionRow>;
  segments: Map<string, SegmentRow>;
  packs: Map<number, PackRow>;
  parts: Map<string, PackPartRow>;
  contents: Map<string, PackedContentRow>;
  chunks: Map<string, Uint8Array>;
  restoreJobs: Map<number, RestoreJobRow>;
  restoreObjects: Map<string, RestoreObjectRow>;
  warmUps: Map<string, WarmUpRow>;
  foundClasses: Map<string, FoundClassRow>;
}

export interface MemoryTables {
  readonly tables: IndexTables & RunTables;
  readonly state: MemoryState;
  /** A copy of everything, to be given to `undo`: what a transaction's start is to its rollback. */
  begin(): MemoryState;
  undo(state: MemoryState): void;
}

export function memoryTables(): MemoryTables {
  const state: MemoryState = {
    folders: new Map(),
    entries: new Map(),
    links: new Map(),
    digests: new Map(),
    runs: new Map(),
    snapshots: new Map(),
    uploads: new Map(),
    sources: new Map(),
    renames: new Map(),
    aliases: new Map(),
    deletions: new Map(),
    segments: new Map(),
    packs: new Map(),
    parts: new Map(),
    contents: new Map(),
    chunks: new Map(),
    restoreJobs: new Map(),
    restoreObjects: new Map(),
    warmUps: new Map(),
    foundClasses: new Map(),
  };
  return {
    tables: {
      ...{ ...indexTables(state), ...packTables(state) },
      ...{ ...runTables(state), ...restoreTables(state) },
    },
    state,
    begin: () => copyOf(state),
    undo(before) {
      Object.assign(state, copyOf(before));
    },
  };
}

function copyOf(state: MemoryState): MemoryState {
  const copied = <Key, Row>(map: Map<Key, Row>, copy: (row: Row) => Row) =>
    new Map([...map].map(([key, row]) => [key, copy(row)]));
  return {
    folders: copied(state.folders, copyRow),
    entries: copied(state.entries, copyRow),
    links: new Map(state.links),
    digests: new Map(state.digests),
    runs: new Map(state.runs),
    snapshots: new Map(state.snapshots),
    uploads: new Map(state.uploads),
    sources: new Map(state.sources),
    renames: new Map(state.renames),
    aliases: new Map(state.aliases),
    deletions: new Map(state.deletions),
    segments: new Map(state.segments),
    packs: new Map(state.packs),
    parts: new Map(state.parts),
    contents: new Map(state.contents),
    chunks: new Map(state.chunks),
    restoreJobs: new Map(state.restoreJobs),
    restoreObjects: new Map(state.restoreObjects),
    warmUps: new Map(state.warmUps),
    foundClasses: new Map(state.foundClasses),
  };
}

function restoreTables(state: MemoryState): RestoreTables {
  const name = ({ key, version }: ObjectId) => `${version}\0${key}`;
  const named = (job: number, id: ObjectId) => `${job}\0${name(id)}`;
  const isAwaited = (id: ObjectId) =>
    [...state.restoreObjects.values()].some((row) => name(row) === name(id));
  return {
    restoreJob: (job) => state.restoreJobs.get(job),
    putRestoreJob: (row) => void state.restoreJobs.set(row.job, row),
    restoreObject: (job, id) => state.restoreObjects.get(named(job, id)),
    putRestoreObject: (row) => void state.restoreObjects.set(named(row.job, row), row),
    countRequest(job, id, more) {
      const row = state.restoreObjects.get(named(job, id));
      if (row === undefined) return;
      state.restoreObjects.set(named(job, id), { ...row, requests: row.requests + more });
    },
    dropRestoreObjects(job, now) {
      for (const [key, row] of state.restoreObjects) {
        if (row.job === job) state.restoreObjects.delete(key);
      }
      for (const [key, row] of state.warmUps) {
        if (row.ends <= now && !isAwaited(row)) state.warmUps.delete(key);
      }
    },
    isAwaited,
    warmUp: (id) => state.warmUps.get(name(id)),
    putWarmUp: (row) => void state.warmUps.set(name(row), row),
    removeWarmUp: (id) => void state.warmUps.delete(name(id)),
    askedAt: (position) =>
      [...state.warmUps.values()].filter((row) => row.asked === position && row.state === "asked"),
    putFoundClass(row) {
      const { storageClass, archive } = row;
      state.foundClasses.set(name(row), row);
      for (const [key, awaited] of state.restoreObjects) {
        if (name(awaited) !== name(row)) continue;
        state.restoreObjects.set(key, { ...awaited, storageClass, archive });
      }
    },
    hasObjectStates: () => state.warmUps.size + state.foundClasses.size > 0,
    forgetObjectState(id) {
      state.warmUps.delete(name(id));
      state.foundClasses.delete(name(id));
    },
  };
}

function packTables({ packs, parts, contents, chunks }: MemoryState): PackTables {
  const removeWhere = <Row>(rows: Map<string, Row>, isGone: (row: Row) => boolean) => {
    for (const [key, row] of rows) if (isGone(row)) rows.delete(key);
  };
  const found = (wanted: (row: PackRow) => boolean) => [...packs.values()].find(wanted);
  return {
    putPack: (row) => void packs.set(row.id, row),
    packByName: (pack) => found((row) => row.pack === pack),
    packByKey: (key) => found((row) => row.key === key),
    removePack(id) {
      packs.delete(id);
      removeWhere(parts, ({ pack }) => pack === id);
      removeWhere(contents, ({ pack }) => pack === id);
    },
    putPart: (row) => void parts.set(`${row.pack} ${row.part}`, row),
    forgetTails(pack) {
      for (const [key, row] of parts) if (row.pack === pack) parts.set(key, { ...row, tail: null });
    },
    cutPack(pack, plain) {
      removeWhere(parts, (row) => row.pack === pack && row.plain > plain);
      removeWhere(contents, (row) => row.pack === pack && row.at >= plain);
    },
    addContent: (row) => void contents.set(`${hex(row.sha256)} ${row.pack}`, row),
    dropContents: (id) => removeWhere(contents, ({ pack }) => pack === id),
    // What is lost no fold reads back.
    loseContents: () => {},
    regainContents: () => {},
    putChunks: (sha256, from, bytes) => void chunks.set(`${hex(sha256)} ${from}`, bytes),
  };
}

/** A former content of none is -0 in the fold; no database knows that. */
function copyRow<Row extends { content: ContentRow }>(row: Row): Row {
  return { ...row, content: { ...row.content, stored: row.content.stored + 0 } };
}

const entryKey = (folder: number, name: Uint8Array) => `${folder}/${hex(name)}`;

function sorted<Row extends { name: Uint8Array }>(rows: Iterable<Row>): Row[] {
  return [...rows].sort((a, b) => compareBytes(a.name, b.name));
}

function indexTables(
  state: MemoryState,
): Omit<IndexTables, keyof PackTables | keyof RestoreTables> {
  const linkKey = (fileSystem: string, fileId: bigint, folder: number, name: Uint8Array) =>
    `${fileSystem}\0${fileId}\0${entryKey(folder, name)}`;
  const digestKey = (kind: DigestKind, folder: number) => `${kind} ${folder}`;
  const copied = <Row extends { content: ContentRow }>(row: Row | undefined) =>
    row === undefined ? undefined : copyRow(row);
  return {
    nextFolderId: () => state.folders.size + 1,
    findFolder: (parent, name) =>
      copied(
        [...state.folders.values()].find((row) =>
          row.parent === parent && compareBytes(row.name, name) === 0
        ),
      ),
    folderById: (id) => copied(state.folders.get(id)),
    putFolder: (row) => void state.folders.set(row.id, copyRow(row)),
    foldersIn: (parent) =>
      sorted([...state.folders.values()].filter((row) => row.parent === parent).map(copyRow)),
    findEntry: (folder, name) => copied(state.entries.get(entryKey(folder, name))),
    insertEntry(row) {
      const key = entryKey(row.folder, row.name);
      if (state.entries.has(key)) throw new Error(`the row ${key} is there already`);
      state.entries.set(key, copyRow(row));
    },
    putEntry: (row) => void state.entries.set(entryKey(row.folder, row.name), copyRow(row)),
    storeContent(folder, name, content, { prev, position, state: added }) {
      const row = state.entries.get(entryKey(folder, name));
      if (row === undefined || row.position !== prev) return false;
      if ((row.state & (REMOVED | UNREADABLE)) !== 0) return false;
      state.entries.set(entryKey(folder, name), {
        ...row,
        content: { ...content },
        occupant: content.key === null ? position : row.occupant,
        occupantSince: content.key === null ? content.since : row.occupantSince,
        position,
        state: (row.state & UNSTABLE) | added,
      });
      return true;
    },
    entriesIn: (folder) =>
      sorted([...state.entries.values()].filter((row) => row.folder === folder).map(copyRow)),
    addLink(fileSystem, fileId, folder, name) {
      const key = linkKey(fileSystem, fileId, folder, name);
      state.links.set(key, { fileSystem, fileId, folder, name });
    },
    removeLink: (fileSystem, fileId, folder, name) =>
      void state.links.delete(linkKey(fileSystem, fileId, folder, name)),
    linkGroup: (fileSystem, fileId) =>
      [...state.links.values()].filter((link) =>
        link.fileSystem === fileSystem && link.fileId === fileId
      ),
    digest: (kind, folder) => state.digests.get(digestKey(kind, folder)),
    setDigest: (kind, folder, digest) => void state.digests.set(digestKey(kind, folder), digest),
    clearDigest(kind, folder) {
      const content = state.digests.delete(digestKey("content", folder));
      return kind === "content"
        ? content
        : state.digests.delete(digestKey("tree", folder)) || content;
    },
    listingChanged() {},
    putDeletion: (row) => void state.deletions.set(`${row.key}\0${row.version}`, row),
    deletion: (key, version) => state.deletions.get(`${key}\0${version}`),
    removeDeletion: (key, version) => void state.deletions.delete(`${key}\0${version}`),
    hasDeletions: () => state.deletions.size > 0,
    putRename: (row) => void state.renames.set(entryKey(row.folder, row.name), row),
    rename: (folder, name) => state.renames.get(entryKey(folder, name)),
    removeRename: (folder, name) => void state.renames.delete(entryKey(folder, name)),
    hasRenames: () => state.renames.size > 0,
    isRenamedFrom: (key) => [...state.renames.values()].some((row) => row.fromKey === key),
    holdersOf: (key) =>
      [...state.entries.values()].filter((row) => row.content.key === key)
        .map(({ folder, name }) => ({ folder, name })),
    addAlias(row) {
      const key = `${row.key}\0${row.folder}`;
      if (!state.aliases.has(key)) state.aliases.set(key, row);
    },
    aliasesOf: (key) => [...state.aliases.values()].filter((row) => row.key === key),
    removeAlias: (key, folder) => void state.aliases.delete(`${key}\0${folder}`),
    hasAliases: () => state.aliases.size > 0,
    isInSnapshot: (position) =>
      [...state.snapshots.values()].some((row) => row.position >= position && row.forgotten === 0),
    loseContent(from, until, entries = 1) {
      for (const row of [...state.snapshots.values()]) {
        if (row.position < from || row.position >= until) continue;
        state.snapshots.set(row.position, { ...row, lost: row.lost + entries });
      }
    },
    setChecked(folder, name, position) {
      const row = state.entries.get(entryKey(folder, name));
      if (row !== undefined) {
        state.entries.set(entryKey(folder, name), { ...row, checked: position });
      }
    },
  };
}

function runTables(state: MemoryState): RunTables {
  return {
    run: (run) => state.runs.get(run),
    putRun: (row) => void state.runs.set(row.run, row),
    snapshot: (position) => state.snapshots.get(position),
    putSegment: (row) => void state.segments.set(`${row.kind} ${row.first}`, row),
    removeSource: (name) => void state.sources.delete(name),
    putSnapshot: (row) => void state.snapshots.set(row.position, row),
    upload: (key) => state.uploads.get(key),
    putUpload: (row) => void state.uploads.set(row.key, row),
    removeUpload: (key) => void state.uploads.delete(key),
    source: (name) => state.sources.get(name),
    putSource: (row) => void state.sources.set(row.name, row),
  };
}
