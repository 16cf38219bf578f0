import type { DatabaseSync } from "node:sqlite";
import type { Tier } from "../core/cold/restore_state.ts";
import type { ArchiveStatus } from "../core/cost/restore_wait.ts";
import type {
  FoundClassRow,
  RestoreJobRow,
  RestoreObjectRow,
  RestoreTables,
  WarmUpRow,
} from "../core/index/restore_rows.ts";
import { numberIn, textIn, textOrNull } from "./column.ts";

type Raw = Record<string, unknown>;

/** Restore jobs in SQLite (schema.ts). */
export function sqliteRestoreTables(db: DatabaseSync): RestoreTables {
  const marks = (count: number) => Array.from({ length: count }, () => "?").join(", ");
  const put = {
    job: db.prepare(`INSERT OR REPLACE INTO restore_jobs VALUES (${marks(21)})`),
    object: db.prepare(`INSERT OR REPLACE INTO restore_objects VALUES (${marks(8)})`),
    warmUp: db.prepare(`INSERT OR REPLACE INTO warm_ups VALUES (${marks(12)})`),
    found: db.prepare(`INSERT OR REPLACE INTO found_classes VALUES (${marks(4)})`),
  };
  const reclassify = db.prepare(
    "UPDATE restore_objects SET class = ?, archive = ? WHERE key = ? AND version = ?",
  );
  const count = db.prepare(
    "UPDATE restore_objects SET requests = requests + ? WHERE job = ? AND key = ? AND version = ?",
  );
  const drop = {
    objects: db.prepare("DELETE FROM restore_objects WHERE job = ?"),
    ended: db.prepare(
      `DELETE FROM warm_ups WHERE ends <= ? AND NOT EXISTS (SELECT 1 FROM restore_objects AS o
         WHERE o.key = warm_ups.key AND o.version = warm_ups.version)`,
    ),
  };
  const byJob = db.prepare("SELECT * FROM restore_jobs WHERE job = ?");
  const isAwaited = db.prepare(
    "SELECT 1 FROM restore_objects WHERE key = ? AND version = ? LIMIT 1",
  );
  const object = db.prepare(
    "SELECT * FROM restore_objects WHERE job = ? AND key = ? AND version = ?",
  );
  const byId = db.prepare("SELECT * FROM warm_ups WHERE key = ? AND version = ?");
  const remove = {
    warmUp: db.prepare("DELETE FROM warm_ups WHERE key = ? AND version = ?"),
    found: db.prepare("DELETE FROM found_classes WHERE key = ? AND version = ?"),
  };
  const hasStates = db.prepare(
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM warm_ups) OR EXISTS (SELECT 1 FROM found_classes)",
  );
  const asked = db.prepare(
    "SELECT * FROM warm_ups WHERE asked = ? AND state = 'asked' ORDER BY key, version",
  );
  return {
    restoreJob(job) {
      const raw = byJob.get(job) as Raw | undefined;
      return raw === undefined ? undefined : jobRow(raw);
    },
    putRestoreJob(r) {
      put.job.run(
        ...[r.job, r.position, r.at, r.state, r.target, r.selection, r.restored, r.overwrite],
        ...[r.tier, r.days, r.entries, r.bytes, r.objects, r.objectBytes, r.quoted, r.approved],
        ...[r.extra, r.slower ? 1 : 0, r.written, r.outcome, r.ended],
      );
    },
    putRestoreObject(r) {
      put.object.run(
        ...[r.job, r.key, r.version, r.storageClass, r.archive, r.size, r.allowed],
        r.requests,
      );
    },
    restoreObject(job, { key, version }) {
      const raw = object.get(job, key, version) as Raw | undefined;
      return raw === undefined ? undefined : objectRow(raw);
    },
    countRequest(job, { key, version }, more) {
      count.run(more, job, key, version);
    },
    dropRestoreObjects(job, now) {
      drop.objects.run(job);
      drop.ended.run(now);
    },
    isAwaited: ({ key, version }) => isAwaited.get(key, version) !== undefined,
    warmUp({ key, version }) {
      const raw = byId.get(key, version) as Raw | undefined;
      return raw === undefined ? undefined : warmUpRow(raw);
    },
    putWarmUp(r) {
      put.warmUp.run(
        ...[r.key, r.version, r.state, r.tier, r.job, r.asked, r.askedAt, r.days, r.expiry],
        ...[r.ends, r.before, r.tierBefore],
      );
    },
    removeWarmUp({ key, version }) {
      remove.warmUp.run(key, version);
    },
    askedAt: (position) => (asked.all(position) as Raw[]).map(warmUpRow),
    putFoundClass({ key, version, storageClass, archive }) {
      put.found.run(key, version, storageClass, archive);
      reclassify.run(storageClass, archive, key, version);
    },
    hasObjectStates: () => hasStates.get() !== undefined,
    forgetObjectState({ key, version }) {
      remove.warmUp.run(key, version);
      remove.found.run(key, version);
    },
  };
}

export function jobRow(raw: Raw): RestoreJobRow {
  return {
    job: numberIn(raw.job),
    position: numberIn(raw.position),
    at: textIn(raw.at),
    state: textIn(raw.state) as RestoreJobRow["state"],
    target: textIn(raw.target),
    selection: textIn(raw.selection),
    restored: numberIn(raw.restored),
    overwrite: textIn(raw.overwrite),
    tier: textIn(raw.tier) as Tier,
    days: numberIn(raw.days),
    entries: textIn(raw.entries),
    bytes: textIn(raw.bytes),
    objects: numberIn(raw.objects),
    objectBytes: numberIn(raw.object_bytes),
    quoted: numberOrNull(raw.quoted),
    approved: numberOrNull(raw.approved),
    extra: numberIn(raw.extra),
    slower: numberIn(raw.slower) === 1,
    written: numberIn(raw.written),
    outcome: numberOrNull(raw.outcome),
    ended: textOrNull(raw.ended),
  };
}

export function objectRow(raw: Raw): RestoreObjectRow {
  return {
    job: numberIn(raw.job),
    key: textIn(raw.key),
    version: textIn(raw.version),
    storageClass: textIn(raw.class),
    archive: textOrNull(raw.archive) as ArchiveStatus | null,
    size: numberIn(raw.size),
    allowed: numberIn(raw.allowed),
    requests: numberIn(raw.requests),
  };
}

export function warmUpRow(raw: Raw): WarmUpRow {
  return {
    key: textIn(raw.key),
    version: textIn(raw.version),
    state: textIn(raw.state) as WarmUpRow["state"],
    tier: textOrNull(raw.tier) as Tier | null,
    job: numberIn(raw.job),
    asked: numberIn(raw.asked),
    askedAt: numberIn(raw.asked_at),
    days: numberIn(raw.days),
    expiry: numberIn(raw.expiry),
    ends: numberIn(raw.ends),
    before: textIn(raw.before) as WarmUpRow["before"],
    tierBefore: textOrNull(raw.tier_before) as Tier | null,
  };
}

export function foundClassRow(raw: Raw): FoundClassRow {
  return {
    key: textIn(raw.key),
    version: textIn(raw.version),
    storageClass: textIn(raw.class),
    archive: textOrNull(raw.archive) as ArchiveStatus | null,
  };
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : numberIn(value);
}
