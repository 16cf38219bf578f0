import type { DatabaseSync } from "node:sqlite";
import type {
  RunRow,
  RunTables,
  SegmentRow,
  SnapshotRow,
  SourceRow,
  UploadRow,
} from "../core/index/run_fold.ts";

type Raw = Record<string, unknown>;

/** Runs, snapshots, open uploads and sources in SQLite (schema.ts). */
export function sqliteRunTables(db: DatabaseSync): RunTables {
  const one = {
    run: db.prepare("SELECT * FROM runs WHERE run = ?"),
    snapshot: db.prepare("SELECT * FROM snapshots WHERE position = ?"),
    upload: db.prepare("SELECT * FROM uploads WHERE key = ?"),
    source: db.prepare("SELECT * FROM sources WHERE name = ?"),
  };
  const put = {
    run: db.prepare("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    snapshot: db.prepare("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    upload: db.prepare("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    segment: db.prepare("INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?, ?, ?)"),
    source: db.prepare("INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
  };
  const removeSource = db.prepare("DELETE FROM sources WHERE name = ?");
  const removeUpload = db.prepare("DELETE FROM uploads WHERE key = ?");
  return {
    run: (run) => found(one.run.get(run), runRow),
    putRun(r) {
      put.run.run(
        ...[r.run, r.command, r.host, r.user, r.pid, r.position, r.started, r.finished],
        ...[r.outcome, r.interrupted ? 1 : 0, r.description],
      );
    },
    snapshot: (position) => found(one.snapshot.get(position), snapshotRow),
    putSnapshot(s) {
      put.snapshot.run(
        ...[s.position, s.at, s.run, s.sources, s.entries, s.bytes, s.gaps, s.lost, s.forgotten],
        s.description,
      );
    },
    putSegment(s) {
      put.segment.run(s.kind, s.first, s.last, s.log, s.key, s.head);
    },
    upload: (key) => found(one.upload.get(key), uploadRow),
    putUpload(u) {
      put.upload.run(
        ...[u.key, u.position, u.upload, u.source, u.path, u.size, u.observed, u.partSize],
        ...[u.storageClass, u.started],
      );
    },
    removeUpload(key) {
      removeUpload.run(key);
    },
    source: (name) => found(one.source.get(name), sourceRow),
    putSource(s) {
      put.source.run(
        ...[s.name, s.fileSystem, s.path, s.single ? 1 : 0, s.entries, s.bytes, s.scanned],
        ...[s.started, s.refused],
      );
    },
    removeSource(name) {
      removeSource.run(name);
    },
  };
}

function found<Row>(raw: unknown, map: (raw: Raw) => Row): Row | undefined {
  return raw === undefined ? undefined : map(raw as Raw);
}

export function runRow(raw: Raw): RunRow {
  return { ...raw, interrupted: raw.interrupted === 1 } as unknown as RunRow;
}

export function snapshotRow(raw: Raw): SnapshotRow {
  return { ...raw } as unknown as SnapshotRow;
}

export function uploadRow(raw: Raw): UploadRow {
  const { part_size: partSize, class: storageClass, ...rest } = raw;
  return { ...rest, partSize, storageClass } as unknown as UploadRow;
}

export function segmentRow(raw: Raw): SegmentRow {
  return { ...raw } as unknown as SegmentRow;
}

export function sourceRow(raw: Raw): SourceRow {
  const { file_system, ...rest } = raw;
  return { ...rest, fileSystem: file_system, single: raw.single === 1 } as unknown as SourceRow;
}
