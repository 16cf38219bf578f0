import { adoptObjects } from "../../src/app/adopt_objects.ts";
import { adoptPacks } from "../../src/app/adopt_packs.ts";
import { rebuildLog, type RebuildReport } from "../../src/app/rebuild_log.ts";
import { newId } from "../../src/app/run.ts";
import { logShipper } from "../../src/app/ship_log.ts";
import { shipRenames } from "../../src/app/ship_renames.ts";
import { type BodyCoding, plainBodies } from "../../src/app/stored_body.ts";
import { writeCheckpoint, type WrittenCheckpoint } from "../../src/app/write_checkpoint.ts";
import type { Layout } from "../../src/core/event/event.ts";
import { hex } from "../../src/core/hash.ts";
import { sourceDigest } from "../../src/core/index/tree_digest.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import { encodeRepository } from "../../src/core/repository_file.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPrivateKey, signerOf, verifySignature } from "../../src/crypto/signing.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import { basedLogWriter } from "../../src/sqlite/based_log.ts";
import { createJobLog } from "../../src/sqlite/job_log.ts";
import { sqliteRebuildTables } from "../../src/sqlite/rebuild_tables.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { stateDumper } from "../../src/sqlite/state_dump.ts";
import { folderOf, GENESIS, sha256 } from "../sqlite/log_fixture.ts";
import { inWorld, type World } from "./app_world.ts";
import type { MemoryStoreOptions } from "./memory_store.ts";

/** A world whose log is shipped, and its database made again from what is in a store. */
export interface SignedWorld extends World {
  readonly layout: Layout;
  readonly coding: BodyCoding;
  /** A backup with all that a run ships. */
  run(more?: Parameters<World["backup"]>[0]): Promise<void>;
  checkpoint(): Promise<WrittenCheckpoint>;
  /** Of `store` by default the world's; `use` has the log until it is closed. */
  rebuild(options: RebuildOptions): Promise<void>;
}

export interface RebuildOptions {
  readonly store?: ObjectStore;
  readonly use?: (report: RebuildReport) => void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Where what HEADs have told is kept; gone with the rebuild by default. */
  readonly survey?: string;
}

export function inSignedWorld(
  layout: Layout,
  work: (world: SignedWorld) => Promise<void>,
  options: MemoryStoreOptions & { readonly coding?: BodyCoding } = {},
): Promise<void> {
  return inWorld(async (world) => {
    await work(signed(world, layout, options.coding ?? plainBodies(platformHashing)));
  }, options);
}

function signed(world: World, layout: Layout, coding: BodyCoding): SignedWorld {
  const signer = signerOf(newPrivateKey());
  const { store, environment, clock, stateFile } = world;
  const genesis = { ...GENESIS, key: signer.key };
  const folder = folderOf(stateFile);
  const tools = { clock, sha256 };
  world.log.close();
  world.log = createJobLog(`${stateFile}.signed`, genesis, tools);
  let serial = 0;
  const emit = (signal: World["signals"][number]) => void world.signals.push(signal);
  const shipping = () => ({
    ...{ log: world.log, store, environment, hashing: platformHashing, coding, signer, emit },
    verify: verifySignature,
  });

  async function rebuild(
    { store: from = store, use, signal = new AbortController().signal, survey }: RebuildOptions,
  ): Promise<void> {
    await putRepositoryFile(world, layout, signer.key);
    const file = `${stateFile}.rebuilt${++serial}`;
    const tables = sqliteRebuildTables({
      survey: survey ?? `${file}.new-survey`,
      work: `${file}.new-work`,
    });
    const read = { store: from, hashing: platformHashing, coding, emit, signal };
    const adopting = { ...read, clock, sources: [""], tables };
    let log: JobLog | undefined;
    try {
      const report = await rebuildLog({
        ...{ ...read, environment, verify: verifySignature },
        replayer: sqliteReplayer(folder, sha256),
        signerOf: () => undefined,
        newSigner: () => signerOf(newPrivateKey()),
        adopt: (found) => (layout === "pack" ? adoptPacks : adoptObjects)(adopting)(found),
        createLog: (genesis) => createJobLog(file, genesis, tools),
        createAt: (place) => basedLogWriter(`${file}.based`, place, tools),
      }, { job: GENESIS.job, config: "c", recipients: [] });
      log = report.log;
      await use?.(report);
    } finally {
      log?.close();
      tables.close();
    }
  }

  return Object.assign(world, {
    ...{ layout, coding, rebuild },
    async run(more: Parameters<World["backup"]>[0] = {}) {
      const { deps, ...rest } = more;
      const { log } = world;
      await world.backup({
        ...rest,
        deps: { ...deps, shipper: logShipper(shipping()) },
      });
      await shipRenames({ log, store, coding, run: newId(environment) });
      await logShipper(shipping()).end(newId(environment));
    },
    checkpoint: () =>
      writeCheckpoint({ ...shipping(), dump: stateDumper(sha256) }, newId(environment)),
  });
}

async function putRepositoryFile(
  { store }: World,
  layout: Layout,
  key: string,
): Promise<void> {
  const { repository, log, job } = GENESIS;
  const body = encodeRepository({
    ...{ format: 1, repository, layout, created: "2026-01-01T00:00:00.000Z" },
    ...{ jobs: {}, logs: [{ log, job, key, host: "host" }] },
  });
  await store.put(REPOSITORY_KEY, body, {});
}

/** The tree digest of what an index has, with what is stored of it. */
export function contentDigest({ index: { tables, paths } }: JobLog, source = ""): string {
  return hex(sourceDigest(tables, paths, source, "content", sha256));
}
