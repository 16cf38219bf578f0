import type { AnyEvent } from "../event/event.ts";

/** Runs, snapshots and open uploads: small projections beside the index. */
export interface RunRow {
  readonly run: string;
  readonly command: string;
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  /** Position of RunStarted. */
  readonly position: number;
  readonly started: string;
  readonly finished: string | null;
  /** Exit code, or null while it runs or where it was cut off. */
  readonly outcome: number | null;
  readonly interrupted: boolean;
  readonly description: string | null;
}

export interface SnapshotRow {
  readonly position: number;
  readonly at: string;
  readonly run: string;
  /** JSON of the sources' names and content digests. */
  readonly sources: string;
  readonly entries: string;
  readonly bytes: string;
  /** Entries that could not be read. */
  readonly gaps: number;
  /** Entries whose content the store does not have any more. */
  readonly lost: number;
  /** Position of the SnapshotForgotten, 0 where it is kept. */
  readonly forgotten: number;
  readonly description: string | null;
}

/** A range of the log that is in the repository. */
export interface SegmentRow {
  readonly first: number;
  readonly last: number;
  readonly log: string;
  readonly key: string;
  /** Hash of the last event, 64 hex digits. */
  readonly head: string;
  /** "segment", or "renames" for a renames object. */
  readonly kind: "segment" | "renames";
}

export interface UploadRow {
  readonly key: string;
  /** Position of UploadStarted. */
  readonly position: number;
  readonly upload: string | null;
  readonly source: string;
  /** JSON of the path. */
  readonly path: string;
  readonly size: string;
  /** Position of the observation that it uploads, and bytes of a part; 0 where they are not known. */
  readonly observed: number;
  readonly partSize: number;
  readonly storageClass: string | null;
  readonly started: string;
}

export interface SourceRow {
  readonly name: string;
  /** File-system identity of the root at the last complete scan. */
  readonly fileSystem: string;
  readonly path: string;
  /** The source is one file: its root is no entry. */
  readonly single: boolean;
  readonly entries: string;
  readonly bytes: string;
  /** Position of the last ScanCompleted, 0 where there is none yet. */
  readonly scanned: number;
  /** Position of the last ScanStarted. */
  readonly started: number;
  /** Position of the last ScanRefused, 0 where there is none. */
  readonly refused: number;
}

export interface RunTables {
  run(run: string): RunRow | undefined;
  putRun(row: RunRow): void;
  snapshot(position: number): SnapshotRow | undefined;
  putSnapshot(row: SnapshotRow): void;
  putSegment(row: SegmentRow): void;
  upload(key: string): UploadRow | undefined;
  putUpload(row: UploadRow): void;
  removeUpload(key: string): void;
  source(name: string): SourceRow | undefined;
  putSource(row: SourceRow): void;
  removeSource(name: string): void;
}

export function projectRuns(tables: RunTables, event: AnyEvent): void {
  switch (event.type) {
    case "RunStarted": {
      const { command, host, user, pid } = event.data;
      const { run, position, at: started } = event;
      tables.putRun({
        ...{ run, command, host, user, pid, position, started },
        ...{ finished: null, outcome: null, interrupted: false },
        description: event.data.description ?? null,
      });
      return;
    }
    case "RunFinished":
      return change(
        tables.run(event.run),
        (row) => tables.putRun({ ...row, finished: event.at, outcome: event.data.outcome }),
      );
    case "RunInterrupted":
      return change(
        tables.run(event.data.run),
        (row) => tables.putRun({ ...row, interrupted: true }),
      );
    case "SnapshotCreated": {
      const { entries, bytes, gaps = 0 } = event.data;
      const sources = JSON.stringify(event.data.sources);
      const { position, at, run } = event;
      const description = event.data.description ?? null;
      const kept = { lost: 0, forgotten: 0, description };
      return tables.putSnapshot({ position, at, run, sources, entries, bytes, gaps, ...kept });
    }
    case "SnapshotForgotten":
      for (const { position } of event.data.snapshots) {
        const forgotten = event.position;
        change(tables.snapshot(position), (row) => tables.putSnapshot({ ...row, forgotten }));
      }
      return;
    case "LogSegmentShipped":
      return tables.putSegment({ ...event.data, kind: "segment" });
    case "RenamesShipped": {
      const { key, first, last } = event.data;
      return tables.putSegment({ first, last, log: "", key, head: "", kind: "renames" });
    }
    case "SourceRenamed":
      return change(tables.source(event.data.from), (row) => {
        tables.removeSource(row.name);
        tables.putSource({ ...row, name: event.data.to });
      });
    case "ScanStarted":
    case "ScanCompleted":
    case "ScanRefused":
      return projectSource(tables, event);
    case "UploadStarted": {
      const { key, source, size, observed = 0, partSize = 0, class: storageClass } = event.data;
      const { position, at: started } = event;
      const path = JSON.stringify(event.data.path);
      return tables.putUpload({
        ...{ key, position, upload: null, source, path, size, observed, partSize, started },
        storageClass: storageClass ?? null,
      });
    }
    case "UploadCreated":
      return change(
        tables.upload(event.data.key),
        (row) => tables.putUpload({ ...row, upload: event.data.upload }),
      );
    case "PackStarted": {
      const { key, class: storageClass } = event.data;
      const { position, at: started } = event;
      return tables.putUpload({
        ...{ key, position, upload: null, source: "", path: '""', size: "0" },
        ...{ observed: 0, partSize: 0, storageClass, started },
      });
    }
    case "UploadAborted":
    case "PackStored":
    case "PackAborted":
      return tables.removeUpload(event.data.key);
    case "ObjectsStored":
      return closeUploads(tables, event);
  }
}

function change<Row>(row: Row | undefined, then: (row: Row) => void): void {
  if (row !== undefined) then(row);
}

function projectSource(
  tables: RunTables,
  event: Extract<AnyEvent, { type: "ScanStarted" | "ScanCompleted" | "ScanRefused" }>,
): void {
  const { source: name } = event.data;
  const row = tables.source(name) ??
    {
      name,
      fileSystem: "",
      path: "",
      single: false,
      entries: "0",
      bytes: "0",
      scanned: 0,
      started: 0,
      refused: 0,
    };
  if (event.type === "ScanRefused") {
    tables.putSource({ ...row, refused: event.position });
  } else if (event.type === "ScanStarted") {
    const path = JSON.stringify(event.data.path);
    const single = event.data.single === true;
    tables.putSource({ ...row, path, single, started: event.position });
  } else {
    const { entries, bytes, fileSystem } = event.data;
    tables.putSource({ ...row, entries, bytes, fileSystem, scanned: event.position, refused: 0 });
  }
}

/** Multipart objects are stored one an event, with their key written out. */
function closeUploads(
  tables: RunTables,
  event: Extract<AnyEvent, { type: "ObjectsStored" }>,
): void {
  if (event.data.multipart === undefined) return;
  tables.removeUpload(event.data.multipart);
}
