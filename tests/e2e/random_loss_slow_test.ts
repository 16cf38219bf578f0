/**
 * What a job has apart from its files is lost at random: database, key, log segments, checkpoints,
 * renames objects, pack indexes. What can be had back is, the report names the rest, and nothing that
 * is restored is wrong.
 */
import assert from "node:assert/strict";
import { canCompare, differences } from "./compare.ts";
import { withGateway } from "./each_store.ts";
import { holdfast, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import {
  contentsOf,
  filesOf,
  type Form,
  FORMS,
  type History,
  kindOf,
  type LossyJob,
  makeLossyJob,
  STEPS,
} from "./lossy_job.ts";
import { withPlace } from "./place.ts";
import { randomOf } from "./random.ts";
import { seed } from "../seed.ts";
import { shell } from "../sources/tree_tools.ts";

/** Losses that are tried of each form. */
const SEEDS = Number(Deno.env.get("SEEDS") ?? 1);

type Random = () => number;

/** Beside the content: keys below these can be lost, and most of what they told is had back. */
const KINDS = ["log", "checkpoints", "renames", "index"];

/** The steps in some order: what one of them does not find any more it leaves alone. */
function randomHistory(random: Random): History {
  const lines = STEPS.flatMap((step) => step.split(/[;\n]/)).map((line) => `(${line}) 2>&- || :`);
  const steps: string[] = [];
  for (let i = 0; i < 4; i++) {
    const at = Math.floor(random() * lines.length);
    const chosen = [...lines.slice(at, at + 4), lines[Math.floor(random() * lines.length)]];
    steps.push(chosen.join("\n"));
  }
  const some = () => [1, 2, 3, 4].filter(() => random() < 0.35);
  return { steps, versioning: random() < 0.5, takeovers: some(), checkpoints: some() };
}

function randomLoss({ objects }: LossyJob, random: Random): string[] {
  // Often all or nothing of one kind: that is what has rules.
  const share = new Map(KINDS.map((kind) => [kind, random() * 2 - 0.5]));
  return [
    ...(random() < 0.8 ? ["database"] : []),
    ...(random() < 0.3 ? ["key"] : []),
    ...[...objects.keys()].filter((key) => random() < (share.get(kindOf(key)) ?? 0)),
  ];
}

function lose({ place, objects }: LossyJob, lost: readonly string[]): void {
  for (const one of lost) {
    if (one === "database") shell(place.folder, `rm ${place.state}*`);
    else if (one === "key") Deno.removeSync(place.state.replace(/\.db$/, ".key"));
    else Deno.removeSync(objects.get(one)!);
  }
}

async function loseAndRecover(
  job: LossyJob,
  lost: readonly string[],
  random: Random,
): Promise<string> {
  const { place, states } = job;
  const { folder } = place;
  const isWhole = !lost.includes("database");
  const has = (kind: string) => !lost.some((key) => kindOf(key) === kind);
  lose(job, lost);
  let told = 0;
  if (!isWhole) {
    assert.equal((await holdfast(place, ["backup"])).code, 10);
    const { code, said, records } = await holdfastJson(place, ["rebuild"]);
    assert.ok(code === 0 || code === 5, said);
    told = totalsOf(records).missing.length;
    assert.equal(told > 0, code === 5, said);
  }
  // Either of the two tells all that was, the log also what was before.
  const hasLog = isWhole || has("log");
  const hasState = hasLog || (has("renames") && has("index"));
  if (hasLog) assert.equal(told, 0);
  const last = [...states.values()].at(-1)!;
  const restored = await restore(place);
  if (hasState) {
    assert.ok(restored, "nothing to restore");
    assert.equal(differences(last, `${folder}/out`), "");
  }
  const known = contentsOf(states.values());
  if (restored) {
    for (const [path, content] of filesOf(`${folder}/out`)) {
      assert.ok(known.get(path)?.has(content), `${path} is restored with what it never had`);
    }
  }
  await snapshotsAreRight(job, hasLog, random);
  const sent = await goesOn(place, { isKeyLost: lost.includes("key"), told });
  if (sent === undefined) return "told";
  if (hasState) assert.equal(sent, 0, "what is there is sent again");
  await verified(job, isWhole ? lost.filter((key) => kindOf(key) === "log") : []);
  const checked = await holdfast(place, ["check"]);
  assert.ok([0, 5].includes(checked.code), checked.said);
  shell(folder, "rm -rf out");
  await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
  assert.equal(differences(`${folder}/src`, `${folder}/out`), "");
  return isWhole ? "kept" : told === 0 ? "whole" : "told";
}

/** What the database still has of its log is put back; only the key of a log before it signs that. */
async function verified({ place, newest }: LossyJob, lost: readonly string[]): Promise<void> {
  if (lost.length > 0) await mustEnd(0, place, ["log", "ship"]);
  const isOlder = lost.some((key) => !key.includes(newest));
  const verify = () => holdfast(place, ["log", "verify"]);
  const ended = await verify();
  // A rebuild may have gone on without the segment that closed a log: it is written again, but for an
  // encrypted one from before a checkpoint.
  const isUnclosed = /the log segment that closes/.test(ended.said);
  if (isUnclosed) await mustEnd(0, place, ["log", "ship"]);
  const { code, said } = isUnclosed ? await verify() : ended;
  assert.ok(code === 0 || ((isOlder || isUnclosed) && code === 5), said);
}

/**
 * The next backup; the bytes that it sent. Undefined where nobody can go on with the job: a segment is
 * lost before the end of a log that was taken over (docs/recovery.md).
 */
async function goesOn(
  place: Place,
  { isKeyLost, told }: { readonly isKeyLost: boolean; readonly told: number },
): Promise<number | undefined> {
  let next = await holdfastJson(place, ["backup"]);
  // Of a log that was rebuilt in part, or not at all, another machine may have the key.
  if (isKeyLost || (next.code === 12 && told > 0)) {
    assert.equal(next.code, 12, next.said);
    const taken = await holdfast(place, ["--yes", "takeover"]);
    if (taken.code === 11 && told > 0) {
      assert.match(taken.stderr, /the log goes on as [0-9a-f]{32}, from event \d+/);
      return undefined;
    }
    assert.equal(taken.code, 0, taken.said);
    next = await holdfastJson(place, ["backup"]);
  }
  if (next.code !== 0) {
    // It is not known any more what the source was, and some of what it had is not there now.
    assert.ok(next.code === 4 && told > 0, next.said);
    next = await holdfastJson(place, ["backup", "--accept-deletions"]);
    assert.equal(next.code, 0, next.said);
  }
  return totalsOf(next.records).bytes;
}

/** False where there is nothing to restore. */
async function restore(place: Place, args: readonly string[] = []): Promise<boolean> {
  const { folder } = place;
  shell(folder, "rm -rf out");
  const { code, said } = await holdfast(place, ["restore", ...args, "--to", `${folder}/out`]);
  // What was before a checkpoint may be gone with the segments before it.
  if (/history before position \d+ is not on this machine/.test(said)) return false;
  assert.ok([0, 2, 3, 5].includes(code), said);
  return code !== 2;
}

/** All are listed where the log is there; the newest and some other are restored. */
async function snapshotsAreRight(
  { place, states }: LossyJob,
  hasLog: boolean,
  random: Random,
): Promise<void> {
  const { records } = await holdfastJson(place, ["snapshots"]);
  const snapshots = records.filter(({ record }) => record === "snapshot");
  if (hasLog) assert.equal(snapshots.length, states.size);
  const any = snapshots[Math.floor(random() * snapshots.length)];
  for (const { position } of new Set([any, snapshots.at(-1)].filter((one) => one !== undefined))) {
    const state = states.get(position);
    assert.ok(state !== undefined, `there never was a snapshot ${position}`);
    if (!await restore(place, ["--snapshot", `${position}`])) continue;
    assert.deepEqual(wrongFiles(`${place.folder}/out`, state), [], `snapshot ${position}`);
  }
}

/** What of a restored tree is other than in the state that it is said to be, with what is absent left out. */
function wrongFiles(folder: string, state: string): string[] {
  return differences(state, folder).split("\n")
    .filter((line) => line !== "" && !/^(?:>f\+|cd\+|cL\+|hf\+|\.d)/.test(line));
}

for (const form of FORMS) {
  const name = `what is lost at random of a job (${form}) is had back, or named, and never wrong`;
  Deno.test(name, () => canCompare(name) ? tryLosses(form) : Promise.resolve());
}

function tryLosses(form: Form): Promise<void> {
  return withGateway((server) =>
    withPlace(async (empty) => {
      const history = randomHistory(randomOf(seed));
      const job = await makeLossyJob(form, server, empty, history);
      const ends: Record<string, number> = {};
      const failures: string[] = [];
      for (let i = 0; i < SEEDS; i++) {
        const random = randomOf(seed + i);
        const lost = randomLoss(job, random);
        job.reset();
        try {
          const end = await loseAndRecover(job, lost, random);
          ends[end] = (ends[end] ?? 0) + 1;
        } catch (error) {
          const what = lost.map((key) => key.replace(".holdfast/", "")).join(", ");
          const why = error instanceof Error ? error.stack : error;
          failures.push(`loss ${i}: ${what}: ${why}`);
        }
      }
      console.log(`${form}, seed ${seed}, ${SEEDS} losses: ${JSON.stringify(ends)}`);
      if (failures.length === 0) return;
      const repeat = `HOLDFAST_SEED=${seed} SEEDS=${SEEDS}, ${JSON.stringify(history)}`;
      throw new Error([repeat, ...failures].join("\n\n"));
    })
  );
}
