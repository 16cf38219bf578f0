import assert from "node:assert/strict";
import { standingOf } from "../../src/app/survey_restores.ts";
import { warmthSurvey } from "../../src/app/survey_warmth.ts";
import { inWorld, type World } from "./app_world.ts";
import { type SimulatedArchive, simulatedArchive } from "./simulated_archive.ts";

const MANY = 2500;

/** So many files, warming. */
async function many(
  world: World,
  { prepare, count = MANY }: {
    prepare?: (archive: SimulatedArchive) => void | Promise<void>;
    count?: number;
  } = {},
) {
  for (let i = 0; i < count; i++) world.write(`d${i % 7}/${i}`, `${i}`);
  await world.backup({ storageClass: "DEEP_ARCHIVE" });
  const archive = simulatedArchive(world);
  await prepare?.(archive);
  world.store.requests.length = 0;
  const report = await world.restore(`${world.folder}/back`);
  assert.equal(report.objects.warming, count);
  return archive;
}

async function stands(world: World) {
  const { log, store, clock } = world;
  const now = () => Number(clock.time / 1_000_000n);
  const survey = warmthSurvey({ store, signal: new AbortController().signal, now });
  const row = log.index.restores.job(1)!;
  return await standingOf(log.index, row, {
    survey,
    now: now(),
    simulatedWait: undefined,
    intents: new Set(),
  });
}

Deno.test("where LIST tells, how a restore of many objects stands takes its pages only", () =>
  inWorld(async (world) => {
    const archive = await many(world);
    const [lists, heads] = [archive.count("list"), archive.count("head")];
    const standing = await stands(world);
    assert.deepEqual(standing.objects, { cold: 0, warming: MANY, warm: 0 });
    assert.equal(archive.count("head") - heads, 0);
    // 2,500 objects are on three pages; what lies between them belongs to the log.
    assert(archive.count("list") - lists <= 4, `${archive.count("list") - lists} pages`);
    archive.later(13);
    const warm = await stands(world);
    assert.deepEqual([warm.objects.warm, archive.count("head") - heads], [MANY, 0]);
    assert(warm.expiry > 0);
  }));

Deno.test("planning asks by LIST alone, where that tells", () =>
  inWorld(async (world) => {
    const archive = await many(world);
    assert.equal(archive.count("head"), 0);
    assert(archive.count("list") <= 8, `${archive.count("list")} pages`);
    assert.equal(archive.asked.length, MANY);
    assert.equal(world.events("WarmUpPlanned").length, 3);
    assert.equal(world.events("ObjectsAwaited").length, 3);
    world.verify();
  }));

Deno.test("where LIST does not tell, no object is taken for cold without a HEAD of its own", () =>
  inWorld(async (world) => {
    // Another machine has asked for those of one folder.
    const archive = await many(world, {
      async prepare(archive) {
        archive.listTells = false;
        for (const key of world.store.objects.keys()) {
          if (/^d3\/./.test(key)) await archive.ask(key);
        }
      },
      count: 300,
    });
    const times = Map.groupBy(archive.asked, ({ key }) => key);
    assert.equal(times.size, 300);
    assert.deepEqual([...times.values()].filter(({ length }) => length > 1), []);
  }));

Deno.test("where LIST does not tell, HEAD does, and nothing is asked for twice", () =>
  inWorld(async (world) => {
    const count = 300;
    const archive = await many(world, { prepare: (made) => void (made.listTells = false), count });
    const standing = await stands(world);
    assert.deepEqual(standing.objects, { cold: 0, warming: count, warm: 0 });
    const report = await world.restore(`${world.folder}/two`);
    assert.deepEqual([report.objects.warming, archive.asked.length], [count, count]);
    archive.later(13);
    assert.deepEqual((await stands(world)).objects.warm, count);
  }));

Deno.test("what LIST cannot know of an older version is asked by HEAD", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 20; i++) world.write(`${i}`, `old ${i}`);
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    const { position } = world.log.head();
    for (let i = 0; i < 20; i++) world.write(`${i}`, `new content ${i}`);
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    const archive = simulatedArchive(world);
    const to = `${world.folder}/back`;
    const wanted = { kind: "position" as const, position };
    assert.equal((await world.restore(to, { wanted })).objects.warming, 20);
    archive.later(13);
    assert.equal((await world.restore(to, { wanted, resume: 1 })).exitCode, 0);
    assert.equal(archive.asked.length, 20);
    for (let i = 0; i < 20; i++) assert.equal(Deno.readTextFileSync(`${to}/${i}`), `old ${i}`);
    // The newest versions are cold all the while.
    assert.equal((await world.restore(`${world.folder}/new`)).objects.warming, 20);
    world.verify();
  }));

Deno.test("an older version with the bytes of the current one is another object", () =>
  inWorld(async (world) => {
    const write = (text: string) => {
      for (let i = 0; i < 20; i++) world.write(`${i}`, `${text} ${i}`);
      return world.backup({ storageClass: "DEEP_ARCHIVE" });
    };
    await write("A");
    const { position } = world.log.head();
    await write("in between");
    await write("A");
    const archive = simulatedArchive(world);
    assert.equal((await world.restore(`${world.folder}/new`)).objects.warming, 20);
    archive.later(13);
    const to = `${world.folder}/old`;
    const wanted = { kind: "position" as const, position };
    // The current ones are warm, and LIST says so of the same ETags.
    assert.equal((await world.restore(to, { wanted })).objects.warming, 20);
    archive.later(13);
    assert.equal((await world.restore(to, { wanted, resume: 2 })).exitCode, 0);
    for (let i = 0; i < 20; i++) assert.equal(Deno.readTextFileSync(`${to}/${i}`), `A ${i}`);
    world.verify();
  }));

Deno.test("of a folder that was moved, and of what an alias is of, LIST tells all the same", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 30; i++) world.write(`old/sub/${i}`, `${i}`);
    for (let i = 0; i < 30; i++) world.write(`single/${i}`, `of its own ${i}`);
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    Deno.renameSync(`${world.source}/old`, `${world.source}/new`);
    for (let i = 0; i < 30; i++) {
      Deno.renameSync(`${world.source}/single/${i}`, `${world.source}/single/moved ${i}`);
    }
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    const archive = simulatedArchive(world);
    world.store.requests.length = 0;
    assert.equal((await world.restore(`${world.folder}/back`)).objects.warming, 60);
    assert.equal((await stands(world)).objects.warming, 60);
    assert.equal(archive.count("head"), 0);
  }));

Deno.test("objects that are scattered among many others are looked at by HEAD", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 60; i++) world.write(`${i}/z`, `${i}`);
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    const archive = simulatedArchive(world);
    const { head } = world.store.current("0/z")!;
    // What lies between belongs to somebody else.
    for (let i = 0; i < 60_000; i++) {
      const body = new Uint8Array(0);
      world.store.objects.set(`${i % 60}/y${i}`, [{ body, head }]);
    }
    world.store.requests.length = 0;
    assert.equal((await world.restore(`${world.folder}/back`)).objects.warming, 60);
    const [lists, heads] = [archive.count("list"), archive.count("head")];
    assert(lists <= 6 && heads >= 50 && heads <= 60, `${lists} pages, ${heads} HEADs`);
  }));

for (const last of ["🎉", "あ", "ﾟ", "\u{10FFFD}", "~", "%"]) {
  Deno.test(`names that end in ${JSON.stringify(last)} begin their pages, too`, () =>
    inWorld(async (world) => {
      for (let i = 0; i < 20; i++) world.write(`d${i % 3}/${i}${last}`, `${i}`);
      world.write(`d0/${last}`, "the first one");
      await world.backup({ storageClass: "DEEP_ARCHIVE" });
      const archive = simulatedArchive(world);
      const { list } = world.store;
      world.store.list = (prefix, options) => {
        // As the SDK does.
        encodeURIComponent(options?.startAfter ?? "");
        return list(prefix, options);
      };
      world.store.requests.length = 0;
      assert.equal((await world.restore(`${world.folder}/back`)).objects.warming, 21);
      assert.equal((await stands(world)).objects.warming, 21);
      assert.equal(archive.count("head"), 0);
      assert(archive.count("list") <= 2 * 3, `${archive.count("list")} pages`);
    }));
}
