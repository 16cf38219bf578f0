import assert from "node:assert/strict";
import {
  backup,
  type BackupDeps,
  type BackupOptions,
  type BackupReport,
} from "../../src/app/backup.ts";
import { openState, type WantedState } from "../../src/app/read_state.ts";
import { restore } from "../../src/app/restore.ts";
import type {
  ColdDeps,
  RestoreDeps,
  RestoreOptions,
  RestoreReport,
} from "../../src/app/restore_deps.ts";
import type { ScanOptions } from "../../src/app/scan_context.ts";
import { noShipping } from "../../src/app/ship_log.ts";
import { verifyLog } from "../../src/app/verify_log.ts";
import type { EventType, Layout, LoggedEvent } from "../../src/core/event/event.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import { encodeRepository } from "../../src/core/repository_file.ts";
import { DEFAULT_MAX_DELETE } from "../../src/core/scan/delete_guard.ts";
import type { Signal } from "../../src/core/signal.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { libc } from "../../src/libc/libc.ts";
import type { Opener } from "../../src/ports/cipher.ts";
import type { Environment } from "../../src/ports/environment.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { gitignoreRules } from "../../src/rules/gitignore_rules.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import { createJobLog, openJobLog } from "../../src/sqlite/job_log.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { openLocalTarget } from "../../src/targets/local/local_target.ts";
import { databaseFolder, GENESIS, sha256 } from "../sqlite/log_fixture.ts";
import { content } from "../stores/store_probes.ts";
import { type MemoryStore, memoryStore, type MemoryStoreOptions } from "./memory_store.ts";
import { coldDeps } from "./cold_deps.ts";
import { type Faults, faultySource } from "./faulty_source.ts";

// Opened once for the process, as the program does: no test's own leak.
libc();

/** A job with a real log and a real source, its store in memory, its clock in the test's hand. */
export interface World {
  /** The source's folder. */
  readonly source: string;
  /** A folder for whatever else a test makes. */
  readonly folder: string;
  readonly store: MemoryStore;
  readonly clock: TestClock;
  readonly environment: Environment;
  readonly signals: Signal[];
  readonly stateFile: string;
  log: JobLog;
  scan(more?: Partial<ScanOptions> & { faults?: Faults }): ScanOptions;
  backup(
    more?: Partial<BackupOptions> & {
      scan?: Parameters<World["scan"]>[0];
      signal?: AbortSignal;
      deps?: Partial<Pick<BackupDeps, "tellEarly" | "warmUp" | "shipper" | "locks">>;
    },
  ): Promise<BackupReport>;
  restore(
    to: string,
    more?: Partial<RestoreOptions> & {
      wanted?: WantedState;
      opener?: Opener;
      wait?: boolean;
      cold?: Partial<ColdDeps>;
      deps?: Partial<Pick<RestoreDeps, "shipper" | "isGuest" | "signal">>;
    },
  ): Promise<RestoreReport>;
  events<T extends EventType>(type: T, after?: number): LoggedEvent<T>[];
  /** Changes of an event batch, as "change path", sorted. */
  observations(after: number): string[];
  /** Fails where `log verify` would. */
  verify(): void;
  /** Closes and opens the log, as the next process would. */
  reopen(): void;
  write(path: string, text: string): void;
}

export interface TestClock {
  /** Nanoseconds since 1970; each look adds a microsecond. */
  time: bigint;
  now(): bigint;
  sleep(): Promise<void>;
}

/** So late that nothing which a test does to its files is racy. */
export function lateClock(): TestClock {
  const clock = {
    time: BigInt(Date.now() + 3_600_000) * 1_000_000n,
    now: () => clock.time += 1000n,
    sleep: () => Promise.resolve(),
  };
  return clock;
}

export function testEnvironment(clock: TestClock): Environment {
  let seed = 0;
  return {
    clock,
    random: { bytes: (length) => content(length, ++seed) },
    ...{ hostname: "host", user: "me", pid: 1, version: "holdfast 0.1.0" },
  };
}

export async function inWorld(
  work: (world: World) => Promise<void> | void,
  options: MemoryStoreOptions = {},
): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-app-" });
  const state = databaseFolder();
  const world = makeWorld(folder, state, memoryStore(options));
  try {
    await work(world);
  } finally {
    world.log.close();
    for (const dir of [folder, state]) Deno.removeSync(dir, { recursive: true });
  }
}

function makeWorld(folder: string, state: string, store: MemoryStore): World {
  const source = `${folder}/source`;
  Deno.mkdirSync(source);
  putRepository(store);
  const clock = lateClock();
  const stateFile = `${state}/job.db`;
  const tools = { clock, sha256 };
  const environment = testEnvironment(clock);
  const signals: Signal[] = [];
  const emit = (signal: Signal) => void signals.push(signal);
  const hashing = platformHashing;
  const replayer = sqliteReplayer(state, sha256);
  const world: World = {
    ...{ folder, source, store, clock, environment, signals, stateFile },
    log: createJobLog(stateFile, GENESIS, tools),
    scan: (more = {}) => scanOptions(source, more),
    backup({ scan, signal = new AbortController().signal, deps = {}, ...more } = {}) {
      if (more.packs !== undefined) putRepository(store, "pack", more.packs.recipients);
      if (more.encryption !== undefined) putRepository(store, "mirror", more.encryption.recipients);
      return backup({
        ...{ log: world.log, store, environment, hashing, owners: () => ({}), emit, signal },
        ...{ shipper: noShipping, shipRenames: () => Promise.resolve(), ...deps },
      }, {
        ...{ sources: [world.scan(scan)], config: "", storageClass: "STANDARD" },
        ...{ minArchiveSize: 0, partSize: 1 << 20, workers: 4, dryRun: false },
        ...{ delete: false, renames: "auto" },
        ...more,
      });
    },
    async restore(to, { wanted, opener, cold, deps = {}, ...more } = {}) {
      const { log } = world;
      const opened = openState(log, replayer, wanted ?? { kind: "default" }, emit);
      try {
        const selection = { paths: [], include: undefined, exclude: undefined };
        const signal = new AbortController().signal;
        return await restore({
          ...{ log, store, environment, hashing, emit, signal, windows: false },
          openTarget: () => openLocalTarget(to, { random: environment.random.bytes }),
          contents: log.index.packs,
          identities: () => Promise.resolve(opener),
          ...{ shipper: noShipping, work: sqliteWorkTables(state), cold: coldDeps(cold) },
          ...deps,
        }, {
          ...{ state: opened, selection, to, overwrite: "never", config: "", workers: 4 },
          ...more,
        });
      } finally {
        opened.close();
      }
    },
    events: (type, after = 0) => [...world.log.events({ type, from: after + 1 })] as never,
    observations(after) {
      return world.events("EntriesObserved", after).flatMap(({ data }) =>
        data.folders.flatMap(({ path, entries }) =>
          entries.map(({ change, name }) => `${change} ${path === "" ? "" : `${path}/`}${name}`)
        )
      ).sort();
    },
    verify() {
      const report = verifyLog(world.log, replayer, sha256, { chainOnly: false, emit() {} });
      assert.deepEqual(report.damage, []);
    },
    reopen() {
      world.log.close();
      world.log = openJobLog(stateFile, tools, { mode: "write" });
    },
    write(path, text) {
      const file = `${source}/${path}`;
      Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(file, text);
    },
  };
  return world;
}

function scanOptions(
  path: string,
  { faults, ...more }: NonNullable<Parameters<World["scan"]>[0]>,
): ScanOptions {
  const source = openLocalSource(more.path ?? path);
  return {
    ...{ name: "", path, oneFileSystem: false, trustMtime: false, observeAll: false },
    source: faults === undefined ? source : faultySource(source, faults),
    rules: gitignoreRules({ exclude: [], include: [], ignoreFile: ".holdfastignore" }),
    ...{ maxDelete: DEFAULT_MAX_DELETE, acceptDeletions: false, own: new Set() },
    ...more,
  };
}

/** What `init` leaves in the store. */
export function putRepository(
  store: MemoryStore,
  layout: Layout = "mirror",
  recipients: readonly string[] = [],
): void {
  const { repository, log, job, key } = GENESIS;
  const body = encodeRepository({
    ...{ format: 1, repository, created: "2026-01-01T00:00:00.000Z" },
    ...{ layout, ...(recipients.length === 0 ? {} : { recipients }) },
    ...{ jobs: {}, logs: [{ log, job, key, host: "host" }] },
  });
  const head = {
    ...{ size: body.length, etag: "e", versionId: "v0", storageClass: "STANDARD" },
    ...{ metadata: {}, lastModified: 0 },
  };
  store.objects.set(REPOSITORY_KEY, [{ body, head }]);
}

/** Each path below a folder with its content, target or "/", for comparing trees. */
export function treeOf(folder: string, below = ""): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(`${folder}/${below}`)) {
    const path = below === "" ? name : `${below}/${name}`;
    if (isDirectory) Object.assign(tree, { [`${path}/`]: "/" }, treeOf(folder, path));
    else if (isSymlink) tree[path] = `-> ${Deno.readLinkSync(`${folder}/${path}`)}`;
    else tree[path] = Deno.readTextFileSync(`${folder}/${path}`);
  }
  return tree;
}

/** Keys outside `.holdfast/`, sorted. */
export function mirrorKeys(store: MemoryStore): string[] {
  return [...store.objects.keys()].filter((key) => !key.startsWith(".holdfast/")).sort();
}
