/**
 * One object of a job is damaged, of every kind and in every part. Each command that reads it says so
 * and names it, or does without it; none gives wrong bytes, ends in a fault of its own, or hangs.
 */
import assert from "node:assert/strict";
import { seed } from "../seed.ts";
import { shell } from "../sources/tree_tools.ts";
import { canCompare, differences } from "./compare.ts";
import { withGateway } from "./each_store.ts";
import { type Ended, holdfast } from "./holdfast.ts";
import {
  contentsOf,
  filesOf,
  type Form,
  FORMS,
  FULL_HISTORY,
  kindOf,
  type LossyJob,
  makeLossyJob,
} from "./lossy_job.ts";
import { type Damage, damagesOf } from "./object_damage.ts";
import { withPlace } from "./place.ts";
import { randomOf } from "./random.ts";

/** Damages that are tried of each form, of one kind after the other. */
const CASES = Number(Deno.env.get("CASES") ?? 2);

interface Case {
  readonly job: LossyJob;
  readonly key: string;
  readonly kind: string;
  readonly damage: Damage;
}

/** What is lost beside, so that the object is read at all: of a log that is there little else is. */
const LOST_BESIDE: Readonly<Record<string, string>> = {
  checkpoints: "the first segment",
  renames: "the log",
  index: "the log",
  packs: "the log",
  sidecars: "the log",
  content: "the log",
};

/** Beside the rebuild: what has to find damage of such a body, and name it. */
const FINDERS: Readonly<Record<string, string>> = {
  log: "log verify",
  packs: "check --read-data",
  index: "check --read-data",
};

const FAULT = /this is a fault in holdfast|^\s+at \S.*:\d+:\d+\)?$|Uncaught|TypeError|RangeError/m;
const CODES = [0, 3, 4, 5, 10, 12];

async function run(one: Case, line: string): Promise<Ended> {
  const ended = await holdfast(one.job.place, line.split(" "));
  const what = `${line} ended with ${ended.code}: ${ended.said}`;
  assert.ok(CODES.includes(ended.code), what);
  assert.doesNotMatch(ended.said, FAULT, what);
  return ended;
}

/** By its key, or the pack that it belongs to. */
function isNamed({ key }: Case, { said }: Pick<Ended, "said">): boolean {
  const pack = /([0-9a-f]{32})\.(?:idx|tar)/.exec(key)?.[1];
  return said.includes(key) || (pack !== undefined && said.includes(pack));
}

async function tryWithDatabase(one: Case): Promise<void> {
  begin(one);
  for (const line of ["log verify", "reconcile", "check --read-data"]) {
    const ended = await run(one, line);
    const mustFind = one.damage.isOfBody && FINDERS[one.kind] === line;
    if (mustFind) assert.ok(ended.code === 5 && isNamed(one, ended), ended.said);
  }
  await restoreIsRight(one);
  const { code, said } = await run(one, "backup");
  assert.ok(code === 0 || said.includes("repository.json") || isNamed(one, { said }), said);
}

async function tryRebuild(one: Case, lost: string): Promise<void> {
  begin(one);
  const { place, objects } = one.job;
  const below = [...objects.keys()].filter((key) => key !== one.key);
  const logs = below.filter((key) => kindOf(key) === "log");
  const gone = lost === "the log"
    ? below.filter((key) => ["log", "checkpoints"].includes(kindOf(key)))
    : lost === "the first segment"
    ? logs.slice(0, 1)
    : [];
  for (const key of gone) Deno.removeSync(objects.get(key)!);
  shell(place.folder, `rm -f ${place.state}*`);
  const rebuilt = await run(one, "rebuild");
  const isRead = {
    log: lost === "nothing",
    renames: lost === "the log",
    index: lost === "the log",
  };
  if (one.damage.isOfBody && isRead[one.kind as keyof typeof isRead]) {
    assert.ok(rebuilt.code === 5 && isNamed(one, rebuilt), `rebuild: ${rebuilt.said}`);
  }
  await restoreIsRight(one, rebuilt.code === 0);
  if ([0, 5].includes(rebuilt.code)) await run(one, "check --read-data");
}

function begin({ job, key, damage }: Case): void {
  job.reset();
  damage.befall(job.objects.get(key)!);
}

/** Whatever comes back is what its path had; all comes back, or it is said that it does not. */
async function restoreIsRight(one: Case, isWhole = false): Promise<void> {
  const { place, states } = one.job;
  const to = `${place.folder}/out`;
  shell(place.folder, "rm -rf out");
  const { code, said } = await run(one, `restore --to ${to}`);
  const known = contentsOf(states.values());
  shell(place.folder, "mkdir -p out");
  for (const [path, content] of filesOf(to)) {
    assert.ok(known.get(path)?.has(content), `${path} is restored with what it never had`);
  }
  if (code === 0 && isWhole) assert.equal(differences([...states.values()].at(-1)!, to), "", said);
}

for (const form of FORMS) {
  const name = `a damaged object of a job (${form}) is named or not needed, and nothing is wrong`;
  Deno.test(name, () => canCompare(name) ? tryDamages(form) : Promise.resolve());
}

function tryDamages(form: Form): Promise<void> {
  return withGateway((server) =>
    withPlace(async (empty) => {
      const job = await makeLossyJob(form, server, empty, FULL_HISTORY);
      const random = randomOf(seed);
      const failures: string[] = [];
      for (const one of chosen(job, random)) {
        try {
          await tryWithDatabase(one);
          await tryRebuild(one, "nothing");
          const lost = LOST_BESIDE[one.kind];
          if (lost !== undefined) await tryRebuild(one, lost);
        } catch (error) {
          failures.push(
            `${one.key}, ${one.damage.what}: ${error instanceof Error ? error.stack : error}`,
          );
        }
      }
      const repeat = `HOLDFAST_SEED=${seed} CASES=${CASES}`;
      if (failures.length > 0) throw new Error([repeat, ...failures].join("\n\n"));
    })
  );
}

/** Of one kind after the other, some object and some damage of it. */
function chosen(job: LossyJob, random: () => number): Case[] {
  const kinds = Map.groupBy(job.objects.keys(), kindOf);
  const order = [...kinds.keys()].map((kind) => ({ kind, by: random() }))
    .sort((a, b) => a.by - b.by);
  return Array.from({ length: CASES }, (_, i) => {
    const { kind } = order[i % order.length];
    const keys = kinds.get(kind)!;
    const key = keys[Math.floor(random() * keys.length)];
    const damages = damagesOf(job.objects.get(key)!, random);
    return { job, key, kind, damage: damages[Math.floor(random() * damages.length)] };
  });
}
