import type { Genesis } from "../../src/core/event/line.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { Clock } from "../../src/ports/environment.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { createJobLog, openJobLog, type OpenOptions } from "../../src/sqlite/job_log.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { verifyLog } from "../../src/app/verify_log.ts";

export const { sha256 } = platformHashing;

export const GENESIS: Genesis = {
  format: 1,
  repository: "11".repeat(16),
  log: "22".repeat(16),
  job: "home",
  key: "33".repeat(32),
  parent: null,
};

/** Ticks by a millisecond with each look. */
export function tickingClock(start = 1_700_000_000_000): Clock {
  let now = BigInt(start) * 1_000_000n;
  return { now: () => now += 1_000_000n, sleep: () => Promise.resolve() };
}

/** A folder for databases: in memory where there is such a place, for a thousand of them are made. */
export function databaseFolder(): string {
  try {
    return Deno.makeTempDirSync({ dir: "/dev/shm", prefix: "holdfast-test-" });
  } catch {
    return Deno.makeTempDirSync({ prefix: "holdfast-test-" });
  }
}

export function createLog(file: string, { key }: Pick<Genesis, "key"> = GENESIS): JobLog {
  return createJobLog(file, { ...GENESIS, key }, { clock: tickingClock(), sha256 });
}

export function openLog(file: string, options: OpenOptions = { mode: "write" }): JobLog {
  return openJobLog(file, { clock: tickingClock(), sha256 }, options);
}

export function verify(file: string, chainOnly = false) {
  const log = openLog(file, { mode: "read" });
  try {
    return verifyLog(log, sqliteReplayer(folderOf(file), sha256), sha256, {
      chainOnly,
      emit() {},
    });
  } finally {
    log.close();
  }
}

export function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/"));
}
