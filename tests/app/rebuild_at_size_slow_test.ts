/** A database of 100,000 entries is lost, and made again in each way there is. */
import assert from "node:assert/strict";
import type { RebuildReport } from "../../src/app/rebuild_log.ts";
import type { Layout } from "../../src/core/event/event.ts";
import { PACK_INDEX_PREFIX, PACKS_PREFIX } from "../../src/core/pack/pack_layout.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import { shell } from "../sources/tree_tools.ts";
import { databaseFolder } from "../sqlite/log_fixture.ts";
import { packOptions } from "./pack_world.ts";
import { contentDigest, inSignedWorld, type SignedWorld } from "./signed_world.ts";

const ENTRIES = Number(Deno.env.get("ENTRIES") ?? 100_000);
const IN_FOLDER = 200;

/** What of the store a machine gets to see. */
type Kept = (key: string) => boolean;

/** Counts what is asked for; what is not kept is not there. */
function lossy(world: SignedWorld, isKept: Kept) {
  const counts: Record<string, number> = {};
  const read: string[] = [];
  const count = (operation: string) => counts[operation] = (counts[operation] ?? 0) + 1;
  const { store } = world;
  const seen: ObjectStore = {
    ...store,
    async *list(prefix, options) {
      for await (const page of store.list(prefix, options)) {
        count("list");
        yield page.filter(({ key }) => isKept(key));
      }
    },
    head(key, options) {
      count("head");
      return isKept(key) ? store.head(key, options) : Promise.resolve(undefined);
    },
    get(key, options) {
      count("get");
      read.push(key);
      return store.get(key, options);
    },
    requestRestore() {
      count("warm up");
      return Promise.reject(new Error("nothing is to be warmed up"));
    },
  };
  return { store: seen, counts, read };
}

/** Two backups: the second has a folder renamed, files changed, removed, new and with other modes. */
async function fill(
  world: SignedWorld,
  source: string,
): Promise<{ before: string; now: string }> {
  const { layout } = world;
  const at = (path: string) => `${source}/${path}`;
  const folders = Math.ceil(ENTRIES / (IN_FOLDER + 1));
  for (let i = 0; i < folders; i++) Deno.mkdirSync(at(`f${i}`));
  shell(
    source,
    `awk 'BEGIN { for (i = 0; i < ${folders}; i++) for (j = 0; j < ${IN_FOLDER}; j++) {
      file = "f" i "/" j; print i, j > file; close(file) } }'`,
  );
  const packs = layout === "pack"
    ? { packs: await packOptions(world, undefined, { packSize: 4 * 2 ** 20 }) }
    : {};
  const more = { ...packs, renames: "alias" as const, workers: 8 };
  await world.run({ ...more, scan: { path: source } });
  const before = contentDigest(world.log);
  await world.checkpoint();
  Deno.renameSync(at("f1"), at("moved"));
  Deno.writeTextFileSync(at("moved/new"), "new");
  for (let j = 0; j < 50; j++) {
    Deno.chmodSync(at(`f2/${j}`), 0o600);
    Deno.writeTextFileSync(at(`f3/${j}`), `changed ${j}`);
    Deno.removeSync(at(`f4/${j}`));
    Deno.renameSync(at(`f5/${j}`), at(`f6/was ${j}`));
  }
  await world.run({ ...more, scan: { path: source, acceptDeletions: true } });
  return { before, now: contentDigest(world.log) };
}

const isSegment = (key: string) => key.startsWith(".holdfast/log/");
const isCheckpoint = (key: string) => key.startsWith(".holdfast/checkpoints/");
const segmentsOf = ({ store }: SignedWorld) => [...store.objects.keys()].filter(isSegment).sort();

const WAYS: Record<string, (world: SignedWorld) => { kept: Kept; way: RebuildReport["way"] }> = {
  "segments": () => ({ kept: (key) => !isCheckpoint(key), way: "segments" }),
  "a checkpoint and the segments behind it": (world) => {
    const [first] = segmentsOf(world);
    return { kept: (key) => key !== first, way: "segments" };
  },
  "what is said of content alone": () => ({
    ...{ kept: (key) => !isSegment(key) && !isCheckpoint(key), way: "metadata" },
  }),
  "some of the segments, and what is said of content behind them": (world) => {
    const segments = segmentsOf(world);
    const lost = segments[Math.floor(segments.length / 3)];
    return { kept: (key) => key !== lost && !isCheckpoint(key), way: "mixed" };
  },
};

/** Each object gets a time of its own. */
let time = 0;
const now = () => time += 1000;

for (const layout of ["mirror", "pack"] as const satisfies Layout[]) {
  Deno.test(`${ENTRIES} entries come back in each way, and nothing is warmed up (${layout})`, () =>
    inSignedWorld(layout, async (world) => {
      const source = databaseFolder();
      const { before, now } = await fill(world, source);
      Deno.removeSync(source, { recursive: true });
      assert.notEqual(before, now);
      const entries = world.log.index.countBelow(world.log.index.paths.find("", "")!.id);
      assert.ok(entries > ENTRIES * 0.95 && entries < ENTRIES * 1.05, `${entries}`);
      for (const [name, lose] of Object.entries(WAYS)) {
        const { kept, way } = lose(world);
        const { store, counts, read } = lossy(world, kept);
        const started = performance.now();
        await world.rebuild({
          store,
          use(report) {
            assert.equal(report.way, way, name);
            assert.equal(contentDigest(report.log), now, name);
            const { origins } = report;
            assert.equal(origins.checkpoint !== undefined, name.startsWith("a checkpoint"));
            const told = (origins.metadata ?? origins.packIndexes)?.entries ?? 0;
            if (way === "metadata") assert.ok(told > entries * 0.9, `${told}`);
            if (way === "mixed") assert.ok(told > 0 && origins.segments.events > 0);
            if (way === "segments") assert.equal(told, 0);
            // Of objects that are where their entries are nothing is asked.
            if (way === "segments") assert.ok((counts.head ?? 0) < 2 * IN_FOLDER);
            const seconds = Math.round((performance.now() - started) / 100) / 10;
            console.log(
              `${layout}, ${name}: ${seconds} s, ${JSON.stringify(counts)}, ` +
                JSON.stringify(origins),
            );
          },
        });
        assert.equal(counts["warm up"], undefined);
        assert.deepEqual(read.filter((key) => !key.startsWith(".holdfast/")), [], "content");
        assert.ok(read.every((key) => !key.startsWith(PACKS_PREFIX)));
        if (layout === "pack" && way === "metadata") {
          assert.ok(read.some((key) => key.startsWith(PACK_INDEX_PREFIX)));
        }
      }
    }, { now }));
}
