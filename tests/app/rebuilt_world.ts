import { adoptObjects } from "../../src/app/adopt_objects.ts";
import { adoptPacks } from "../../src/app/adopt_packs.ts";
import { listEntries } from "../../src/app/list_entries.ts";
import { continuation } from "../../src/app/rebuild_log.ts";
import type { AdoptReport } from "../../src/app/rebuild_log.ts";
import { inRun } from "../../src/app/run.ts";
import { shipRenames } from "../../src/app/ship_renames.ts";
import { type BodyCoding, plainBodies } from "../../src/app/stored_body.ts";
import type { Layout } from "../../src/core/event/event.ts";
import type { EntryRow } from "../../src/core/index/rows.ts";
import { hex } from "../../src/core/hash.ts";
import { RENAMES_PREFIX } from "../../src/core/mirror/renames_record.ts";
import { textOfBytes } from "../../src/core/path_text.ts";
import { unpackStat } from "../../src/core/stat_record.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { IndexModel } from "../../src/ports/event_log.ts";
import { createJobLog } from "../../src/sqlite/job_log.ts";
import { sqliteRebuildTables } from "../../src/sqlite/rebuild_tables.ts";
import { GENESIS, sha256 } from "../sqlite/log_fixture.ts";
import type { World } from "./app_world.ts";

/** What the end of a run ships. */
export async function shipNow(world: World, coding = PLAIN): Promise<number> {
  const { log, store } = world;
  return await shipRenames({ log, store, coding, run: "ee".repeat(16) });
}

const PLAIN = plainBodies(platformHashing);

let databases = 0;

export interface Lost {
  readonly sources?: readonly string[];
  readonly position?: number;
  /** When the store got the last segment. */
  readonly until?: number;
  readonly coding?: BodyCoding;
  readonly layout?: Layout;
}

/**
 * The database is lost: a new one is made from the events up to a position, as segments would give
 * them, and from what the objects say.
 */
export async function rebuildFromObjects(
  world: World,
  { sources = [""], position = 0, until, coding = PLAIN, layout = "mirror" }: Lost = {},
): Promise<AdoptReport & { readonly notices: readonly string[] }> {
  const lines = [...world.log.lines({ to: position })].map(({ line }) => line);
  world.log.close();
  const notices: string[] = [];
  const { clock, store, environment } = world;
  const file = `${world.stateFile}.${++databases}`;
  const log = createJobLog(file, GENESIS, { clock, sha256 });
  world.log = log;
  log.importLines(position === 0 ? [] : lines);
  const tables = sqliteRebuildTables({ survey: `${file}.new-survey`, work: `${file}.new-work` });
  const adopt = (layout === "pack" ? adoptPacks : adoptObjects)({
    ...{ store, hashing: platformHashing, coding, clock, sources, tables },
    emit: (signal) => void (signal.kind === "notice" && notices.push(signal.text)),
    signal: new AbortController().signal,
  });
  try {
    const adoption = await adopt({ log, position, layout, until });
    if (adoption === undefined) {
      return { objects: 0, records: 0, origins: {}, missing: [], unknown: [], notices };
    }
    log.beginLog(continuation(log, environment, { key: GENESIS.key, next: adoption.next }));
    return await inRun(log, environment, { command: "rebuild", config: "" }, async (run) => {
      const report = await adoption.append(log, run);
      const way = position === 0 ? "metadata" as const : "mixed" as const;
      const { objects, records } = report;
      const [missing, unknown] = [[...report.missing], [...report.unknown]];
      const data = { way, segments: 0, objects, records, missing, unknown };
      log.append(run, [{ type: "IndexRebuilt", data }]);
      return { result: { ...report, notices }, outcome: 0, totals: {} };
    });
  } finally {
    tables.close();
  }
}

/** Each live entry with what a restore would bring back, and the hash of its content. */
export function liveTree(index: IndexModel): Map<string, string> {
  const tree = new Map<string, string>();
  for (const { path, row } of listEntries(index, { kind: "root" }, { recursive: true })) {
    const { type, mode, uid, gid, size, mtime, rdev } = unpackStat(row.stat);
    const { stored, sha256 } = row.content;
    const target = (row as EntryRow).target ?? null;
    const isFile = type === "file";
    tree.set(
      type === "folder" ? `${path}/` : path,
      [
        ...[type, mode, uid, gid, size, mtime, rdev, row.attributes],
        target === null ? "" : textOfBytes(target),
        isFile ? (row as EntryRow).links : "",
        isFile ? stored > 0 ? hex(sha256 ?? new Uint8Array()) : "not stored" : "",
      ].join(" "),
    );
  }
  return tree;
}

export function renamesKeys(world: World): string[] {
  return [...world.store.objects.keys()].filter((key) => key.startsWith(RENAMES_PREFIX)).sort();
}
