/** Databases of one job that ship to one store, as several machines or copies of one would have. */
import { catchUp } from "../../src/app/catch_up_log.ts";
import { type Adopt, rebuildLog, type RebuildReport } from "../../src/app/rebuild_log.ts";
import { inRun, newId } from "../../src/app/run.ts";
import { type LogShipper, logShipper, reshipLost } from "../../src/app/ship_log.ts";
import { type BodyCoding, plainBodies } from "../../src/app/stored_body.ts";
import {
  checkpointIfDue,
  writeCheckpoint,
  type WrittenCheckpoint,
} from "../../src/app/write_checkpoint.ts";
import { takeOver, type TakeoverReport } from "../../src/app/takeover.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import { encodeRepository } from "../../src/core/repository_file.ts";
import type { Signal } from "../../src/core/signal.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPrivateKey, signerOf, verifySignature } from "../../src/crypto/signing.ts";
import type { Environment } from "../../src/ports/environment.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import type { Signer } from "../../src/ports/signing.ts";
import { basedLogWriter } from "../../src/sqlite/based_log.ts";
import { createJobLog, openJobLog } from "../../src/sqlite/job_log.ts";
import { stateDumper } from "../../src/sqlite/state_dump.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { databaseFolder, folderOf, GENESIS, sha256, tickingClock } from "../sqlite/log_fixture.ts";
import { content } from "../stores/store_probes.ts";
import { type MemoryStore, memoryStore, type MemoryStoreOptions } from "./memory_store.ts";

const FIRST = signerOf(newPrivateKey());
const PLAIN = plainBodies(platformHashing);

/** One database and what a machine has beside it. */
export interface Machine {
  readonly host: string;
  readonly file: string;
  readonly log: JobLog;
  readonly signals: Signal[];
  readonly environment: Environment;
  signer: Signer;
  /** How it stores, and what it can open. */
  coding: BodyCoding;
  shipper(store?: ObjectStore): LogShipper;
  /** A run of these events, shipped as any. */
  run(events?: readonly AnyNewEvent[], store?: ObjectStore): Promise<void>;
  catchUp(): ReturnType<typeof catchUp>;
  takeOver(): Promise<TakeoverReport>;
  reshipLost(): Promise<number>;
  checkpoint(): Promise<WrittenCheckpoint>;
  /** What the end of a backup does. */
  checkpointIfDue(): Promise<void>;
}

export interface Logs {
  readonly folder: string;
  readonly store: MemoryStore;
  /** The machine that `init` ran on. */
  readonly first: Machine;
  /** Another one with a copy of a database, as it is now. */
  copyOf(machine: Machine, host?: string): Machine;
  /** What `rebuild` makes on a machine that has this key, or none. */
  rebuild(options?: RebuildTry): Promise<Rebuilt>;
}

export interface RebuildTry {
  readonly host?: string;
  readonly signer?: Signer;
  readonly adopt?: Adopt;
  /** Not encrypted, and opening nothing, by default. */
  readonly coding?: BodyCoding;
  readonly recipients?: readonly string[];
}

export interface Rebuilt extends Machine {
  readonly report: RebuildReport;
}

export async function withLogs(
  use: (logs: Logs) => Promise<void>,
  options: MemoryStoreOptions = {},
): Promise<void> {
  const folder = databaseFolder();
  const store = memoryStore(options);
  const opened: Machine[] = [];
  let [serial, based] = [0, 0];
  const add = (machine: Machine) => {
    opened.push(machine);
    return machine;
  };
  const genesis = { ...GENESIS, key: FIRST.key };
  await putRepository(store, FIRST.key);
  const file = `${folder}/first.db`;
  const log = createJobLog(file, genesis, { clock: tickingClock(), sha256 });
  const mine = { signer: FIRST, coding: PLAIN };
  const first = add(machineOf(store, { host: "desk", file, log, ...mine, serial: ++serial }));
  try {
    await use({
      ...{ folder, store, first },
      copyOf(machine, host = machine.host) {
        const copy = `${folder}/copy${++serial}.db`;
        machine.log.append("00".repeat(16), [], { durable: true });
        copyDatabase(machine.file, copy);
        const log = openJobLog(copy, { clock: tickingClock(), sha256 }, { mode: "write" });
        const { signer, coding } = machine;
        return add(machineOf(store, { host, file: copy, log, signer, coding, serial }));
      },
      async rebuild({ host = "desk", signer, adopt, coding = PLAIN, recipients = [] } = {}) {
        const file = `${folder}/rebuilt${++serial}.db`;
        const signals: Signal[] = [];
        const environment = environmentOf(host, serial);
        const drawn = signerOf(newPrivateKey());
        const report = await rebuildLog({
          ...{ store, environment, hashing: platformHashing, coding, verify: verifySignature },
          ...{ emit: (signal) => void signals.push(signal), signal: new AbortController().signal },
          createLog: (genesis) => createJobLog(file, genesis, { clock: tickingClock(), sha256 }),
          createAt: (place) =>
            basedLogWriter(`${folder}/based${++based}.db`, place, {
              clock: tickingClock(),
              sha256,
            }),
          replayer: sqliteReplayer(folder, sha256),
          signerOf: (key) => signer?.key === key ? signer : undefined,
          newSigner: () => drawn,
          ...(adopt === undefined ? {} : { adopt }),
        }, { job: "home", config: "c", recipients });
        const { log } = report;
        const own = signer?.key === log.genesis.key ? signer : drawn;
        const parts = { host, file: log.file, log, signer: own, coding, serial };
        const machine = machineOf(store, parts);
        return { ...add({ ...machine, signals }), report };
      },
    });
  } finally {
    for (const { log } of opened) log.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

const dump = stateDumper(sha256);

interface MachineParts {
  readonly host: string;
  readonly file: string;
  readonly log: JobLog;
  readonly signer: Signer;
  readonly coding: BodyCoding;
  readonly serial: number;
}

function machineOf(store: MemoryStore, parts: MachineParts): Machine {
  const { host, file, log, serial } = parts;
  const signals: Signal[] = [];
  const environment = environmentOf(host, serial);
  const deps = (to: ObjectStore) => ({
    ...{ log, store: to, environment, hashing: platformHashing, verify: verifySignature },
    ...{ signer: machine.signer, coding: machine.coding },
    emit: (signal: Signal) => void signals.push(signal),
  });
  const machine: Machine = {
    ...{ host, file, log, signals, environment, signer: parts.signer, coding: parts.coding },
    shipper: (to = store) => logShipper(deps(to)),
    run: (events = [], to = store) =>
      inRun(
        log,
        environment,
        { command: "backup", config: "c", shipper: machine.shipper(to) },
        (run) => {
          log.append(run, events);
          return Promise.resolve({ result: undefined, outcome: 0, totals: {} });
        },
      ),
    catchUp: () => catchUp(deps(store)),
    takeOver: () => takeOver(deps(store), { config: "c" }),
    reshipLost: () => reshipLost(deps(store)),
    checkpoint: () => writeCheckpoint({ ...deps(store), dump }, newId(environment)),
    checkpointIfDue: () => checkpointIfDue({ ...deps(store), dump }, newId(environment)),
  };
  return machine;
}

function environmentOf(hostname: string, serial: number): Environment {
  let seed = serial * 1000;
  return {
    clock: tickingClock(),
    random: { bytes: (length) => content(length, ++seed) },
    ...{ hostname, user: "me", pid: 1, version: "holdfast 0.1.0" },
  };
}

function copyDatabase(from: string, to: string): void {
  for (const suffix of ["", "-wal"]) {
    try {
      Deno.copyFileSync(from + suffix, to + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function putRepository(store: MemoryStore, key: string): Promise<void> {
  const { repository, log, job } = GENESIS;
  const body = encodeRepository({
    ...{ format: 1, repository, layout: "mirror", created: "2026-01-01T00:00:00.000Z" },
    ...{ jobs: {}, logs: [{ log, job, key, host: "desk" }] },
  });
  await store.put(REPOSITORY_KEY, body, {});
  store.requests.length = 0;
}

/** Keys of the segments of a log, in order. */
export function segmentKeys(store: MemoryStore, log = GENESIS.log): string[] {
  return [...store.objects.keys()].filter((key) => key.startsWith(`.holdfast/log/${log}/`)).sort();
}

/** Digests of every projection of a machine's log, replayed to a position. */
export function digestsAt({ log, file }: Machine, position: number): Record<string, string> {
  const replay = sqliteReplayer(folderOf(file), sha256).begin(log);
  try {
    for (const event of log.events({ to: position })) replay.project(event);
    return replay.digests();
  } finally {
    replay.close();
  }
}
