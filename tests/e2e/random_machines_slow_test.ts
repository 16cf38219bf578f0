/**
 * Two machines take a job from each other at random, back up, rename and remove, and are killed at
 * random requests, also while the other one works. What each has been told to be stored is there.
 */
import assert from "node:assert/strict";
import { seed } from "../seed.ts";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { withGateway } from "./each_store.ts";
import { type HeldServer, startHeldServer } from "./held_server.ts";
import { type Ended, endOf, eventsOf, holdfast, startHoldfast } from "./holdfast.ts";
import { edit, type Machine, on, withMachines } from "./machines.ts";
import { randomOf } from "./random.ts";

const SEEDS = Number(Deno.env.get("SEEDS") ?? 4);
const STEPS = 10;

/** One that a run can be stopped at, of those that write. */
const REQUEST = /^(?:PUT|POST|DELETE) \S+/;

const edits = [
  (n: number) => `echo new ${n} > new-${n}`,
  (n: number) => `echo changed ${n} > docs/one.txt`,
  (n: number) => `mkdir -p moved; mv "$(ls -p | grep -v / | tail -n 1)" moved/${n}`,
  (n: number) => `mv docs/letters docs/letters-${n} 2> /dev/null || mv docs/letters-* docs/letters`,
  () => `rm "$(ls -p | grep -v / | head -n 1)"`,
  (n: number) => `head -c 300000 /dev/zero | tr '\\0' ${n % 10} > large`,
];

interface Player {
  readonly machine: Machine;
  readonly held: HeldServer;
  /** Copies of its source as its last whole backup had it, by the snapshot's position. */
  readonly acknowledged: Map<number, string>;
}

interface Play {
  readonly random: () => number;
  readonly story: string[];
}

/** Runs, or is killed at its n-th writing request. */
async function runOrDie({ random, story }: Play, player: Player, args: readonly string[]) {
  const { machine, held } = player;
  const dies = random() < 0.35;
  if (!dies) {
    const ended = await holdfast(machine, args, { before: machine.before });
    story.push(`${machine.before.at(-1)} ${args.join(" ")}: ${ended.code}`);
    return ended;
  }
  let left = Math.floor(random() * 8);
  const child = await startHoldfast(machine, args, { before: machine.before });
  let isOver = false;
  const status = child.status.then(() => void (isOver = true));
  for (; !isOver && left >= 0; left--) {
    await Promise.race([held.holdAt(REQUEST), status]);
    if (left > 0) held.release();
  }
  return { child, status, isOver: () => isOver };
}

type Running = Exclude<Awaited<ReturnType<typeof runOrDie>>, Ended>;

async function end({ story }: Play, { machine, held }: Player, run: Running, kills: boolean) {
  if (kills && !run.isOver()) run.child.kill("SIGKILL");
  if (kills) held.drop();
  else held.release();
  const ended = await endOf(run.child);
  story.push(`${machine.before.at(-1)} ${kills ? "was killed" : "went on late"}: ${ended.code}`);
  return ended;
}

function acknowledge(play: Play, player: Player, { code, said }: Ended, i: number) {
  const { machine, acknowledged } = player;
  assert.ok([0, 10, 11, 12, 137].includes(code), `${play.story.join("\n")}\n${said}`);
  const found = code === 0 ? /^snapshot (\d+)$/m.exec(said) : null;
  if (found === null) return;
  const name = `${machine.folder}/known-${i}`;
  shell(machine.folder, `cp -a ${machine.source} ${name}`);
  acknowledged.set(Number(found[1]), name);
}

async function step(play: Play, players: readonly Player[], i: number): Promise<void> {
  const { random } = play;
  const player = players[Math.floor(random() * 2)];
  const other = players.find((one) => one !== player)!;
  if (random() < 0.4) await runToEnd(play, player, ["--yes", "takeover"], i);
  await edit(player.machine, edits[Math.floor(random() * edits.length)](i)).catch(() => {});
  const args = ["backup", "--accept-deletions", ...(random() < 0.3 ? ["--delete"] : [])];
  const run = await runOrDie(play, player, args);
  if ("code" in run) return acknowledge(play, player, run, i);
  // Held or over: meanwhile the other one may take the job.
  const meets = random() < 0.6;
  if (meets) {
    await runToEnd(play, other, ["--yes", "takeover"], i);
    await runToEnd(play, other, ["backup", "--accept-deletions"], i + 100);
  }
  const ended = await end(play, player, run, random() < 0.5);
  acknowledge(play, player, ended, i);
}

async function runToEnd(play: Play, player: Player, args: readonly string[], i: number) {
  const ended = await holdfast(player.machine, args, { before: player.machine.before });
  play.story.push(`${player.machine.before.at(-1)} ${args.join(" ")}: ${ended.code}`);
  acknowledge(play, player, ended, i);
}

for (const versioning of [true, false]) {
  const kind = versioning ? "with versions" : "without versions";
  Deno.test(`random takeovers, kills and late requests lose nothing ${kind} (seed ${seed})`, () =>
    withGateway(async (server) => {
      for (let round = 0; round < SEEDS; round++) {
        const play: Play = { random: randomOf(seed + round), story: [`round ${round}`] };
        const second = startHeldServer(server.endpoint);
        try {
          await withMachines(server, async ({ one, two, held }) => {
            const text = Deno.readTextFileSync(two.config);
            Deno.writeTextFileSync(
              two.config,
              text.replaceAll(server.endpoint, second.endpoint),
            );
            const players: Player[] = [
              { machine: one, held, acknowledged: new Map() },
              { machine: two, held: second, acknowledged: new Map() },
            ];
            try {
              for (let i = 0; i < STEPS; i++) await step(play, players, i);
              await settleAll(players, versioning);
            } catch (error) {
              throw new Error(play.story.join("\n"), { cause: error });
            }
          }, { versioning });
        } finally {
          await second.stop();
        }
      }
    }));
}

/**
 * Without versions a run that was killed, or taken over, may have deleted what its shipped log does not
 * tell of (docs/several_machines.md): a check names it, and the next backup stores it again.
 */
async function findDeleted(machine: Player["machine"]): Promise<void> {
  const { code, said } = await holdfast(machine, ["check"], { before: machine.before });
  if (code === 0) return;
  assert.equal(code, 5, said);
  assert.match(said, /missing: no object/);
  await on(machine, 0, ["backup", "--accept-deletions"]);
}

/** Both take the job once more; what was acknowledged to either is there, as far as it can be. */
async function settleAll(players: readonly Player[], versioning: boolean): Promise<void> {
  for (const { machine } of [...players, players[0]]) {
    await on(machine, 0, ["--yes", "takeover"]);
    await on(machine, 0, ["backup", "--accept-deletions"]);
    await on(machine, 0, ["log", "verify"]);
    if (!versioning) await findDeleted(machine);
    await on(machine, 0, ["check", "--read-data", ...(versioning ? ["--snapshots"] : [])]);
    const out = `${machine.folder}/out`;
    await on(machine, 0, ["restore", "--to", out]);
    assertSameTree(machine.source, out);
    shell(machine.folder, "rm -r out");
  }
  const { machine } = players[0];
  const snapshots = new Set((await eventsOf(machine, "SnapshotCreated")).map((e) => e.position));
  for (const { acknowledged } of players) {
    for (const [position, tree] of acknowledged) {
      assert.ok(snapshots.has(position), `the snapshot ${position} is not in the log any more`);
      // Without versions a later content takes the place of an earlier one.
      if (!versioning) continue;
      const out = `${machine.folder}/out`;
      await on(machine, 0, ["restore", "--snapshot", `${position}`, "--to", out]);
      assertSameTree(tree, out);
      shell(machine.folder, "rm -r out");
    }
  }
}
