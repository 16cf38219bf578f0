/** A 48-hour restore that is killed again and again, its copies expiring midway. */
import assert from "node:assert/strict";
import { seed } from "../seed.ts";
import { shell } from "../sources/tree_tools.ts";
import { coldJob, loseDatabase, requestsMade, setClock } from "./cold_job.ts";
import { assertSameTree } from "./compare.ts";
import { eventsOf, mustEnd, type Place } from "./holdfast.ts";
import { randomOf } from "./random.ts";
import { until, watch, type WatchedRun } from "./watched_run.ts";
import { type WrittenFiles, writtenFiles } from "./written_files.ts";

export interface KillOptions {
  readonly files: number;
  readonly kills: number;
  /** The database is lost, and rebuilt, in the middle of each phase. */
  readonly losesDatabase?: boolean;
}

interface Killed extends KillOptions {
  readonly place: Place;
  readonly random: () => number;
  readonly written: WrittenFiles;
  /** Arguments of the restore. */
  readonly restore: readonly string[];
  count: number;
}

export async function killAndResume(place: Place, options: KillOptions): Promise<void> {
  const { files, kills } = options;
  const { folder } = place;
  shell(
    `${folder}/src`,
    `for i in $(seq ${files}); do d=d$((i % 17)); mkdir -p $d; printf 'content of %1990d' $i > $d/$i; done`,
  );
  await coldJob(place);
  await mustEnd(0, place, ["backup"]);
  const to = `${folder}/out`;
  const restore = ["restore", "--to", to, "--max-cost", "5", "--days", "1"];
  const [random, written] = [randomOf(seed), writtenFiles(to)];
  const killed: Killed = { ...options, place, random, written, restore, count: 0 };

  await killWhileItAsks(killed, part(kills, 0.3));
  await mustEnd(13, place, restore);
  assert.deepEqual(requestsMade(place), Array(files).fill(1));
  await killWhileItWaits(killed, part(kills, 0.15), [0, 46]);
  setClock(place, 49);
  await killWhileItFetches(killed, part(kills, 0.2), files * 0.7);
  const before = written.count();
  assert.ok(before > 0 && before < files);
  setClock(place, 24 * 6);
  // What has expired is asked for again: that is within --max-cost.
  await killWhileItAsks(killed, part(kills, 0.1));
  await mustEnd(13, place, restore);
  const again = () => requestsMade(place).filter((times) => times > 1);
  assert.deepEqual(again(), Array(files - before).fill(2));
  await killWhileItWaits(killed, part(kills, 0.05), [24 * 6 + 2, 24 * 6 + 46]);
  setClock(place, 24 * 6 + 49);
  await killWhileItFetches(killed, kills - killed.count, files);
  assert.ok(written.count() < files);
  await mustEnd(0, place, ["restore", "--wait"]);
  written.note();

  console.log(`seed ${seed}: ${killed.count} killed, ${again().length} of ${files} expired midway`);
  assert.equal(killed.count, kills);
  assert.equal(written.count(), files);
  assertSameTree(`${folder}/src`, to);
  assert.equal(requestsMade(place).length, files);
  assert.deepEqual(again(), Array(files - before).fill(2));
  // However often it was planned, it was one restore.
  const planned = await eventsOf(place, "RestorePlanned");
  assert.deepEqual([...new Set(planned.map(({ data }) => data.job))], [1]);
  await mustEnd(0, place, ["log", "verify"]);
}

function part(kills: number, share: number): number {
  return Math.round(kills * share);
}

/** After some more requests, up to so many at once. */
async function killWhileItAsks(killed: Killed, times: number): Promise<void> {
  const { place, files, random } = killed;
  const asked = () => requestsMade(place).reduce((sum, times) => sum + times, 0);
  for (let i = 0; i < times; i++) {
    const goal = asked() + 1 + Math.floor(random() * files / 100);
    await killOne(killed, { i, times }, () => asked() >= goal);
  }
}

/** While it sleeps between two looks, from one hour to another. */
async function killWhileItWaits(
  killed: Killed,
  times: number,
  [from, to]: readonly [number, number],
): Promise<void> {
  for (let i = 0; i < times; i++) {
    setClock(killed.place, from + Math.floor((to - from) * i / times));
    await killOne(killed, { i, times }, (run) => run.isWaiting());
  }
}

/** After some more files, up to `most`: so few, and so slowly, that some are left for the last kill. */
async function killWhileItFetches(killed: Killed, times: number, most: number): Promise<void> {
  const { written, random } = killed;
  for (let i = 0; i < times; i++) {
    const share = Math.max(2, (most - written.count()) / (times - i + 2));
    const goal = written.count() + 1 + Math.floor(random() * share / 2);
    await killOne(killed, { i, times, rate: 2 * share }, () => written.count() >= goal);
  }
}

/** One kill in so many comes at any time: while it looks at what there is, say. */
const ANY_TIME = 4;
/** Before so many another process gets in its way. */
const RIVAL = 6;
/** Of a file. */
const BYTES = 2001;

/** Kills a run once it has got on, or at any time. Before that, sometimes, another one is in its way. */
async function killOne(
  killed: Killed,
  { i, times, rate = 1000 }: {
    readonly i: number;
    readonly times: number;
    /** Files a second. */
    readonly rate?: number;
  },
  hasGotOn: (run: WatchedRun) => boolean,
): Promise<void> {
  const { place, restore, random, losesDatabase = false } = killed;
  const isAnyTime = i % ANY_TIME === ANY_TIME - 1;
  const hasRival = !isAnyTime && i % RIVAL === 0;
  const limit = `${Math.ceil(rate * BYTES / (hasRival ? 5 : 1))} B`;
  const run = await watch(place, [...restore, "--wait", "--limit-download", limit]);
  const deadline = performance.now() + random() * 500;
  await until(run, () => isAnyTime ? performance.now() >= deadline : hasGotOn(run));
  if (hasRival) await rival(killed);
  await run.kill();
  killed.count++;
  killed.written.note();
  if (!losesDatabase || i !== times >> 1) return;
  loseDatabase(place);
  await mustEnd(0, place, ["rebuild"]);
}

/** Nobody goes on with a restore that another process goes on with. Looking is free. */
async function rival({ place, restore, count }: Killed): Promise<void> {
  const rivals: [number, readonly string[]][] = [
    [11, restore],
    [11, ["restore", "--wait"]],
    [0, ["restores"]],
    [11, ["restores", "resume", "1"]],
    [11, ["restores", "cancel", "1"]],
  ];
  const [code, args] = rivals[count % rivals.length];
  await mustEnd(code, place, args);
}
