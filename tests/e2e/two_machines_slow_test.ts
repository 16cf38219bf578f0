/** Two machines with one job: a takeover in the middle of a run, both at once, and there and back. */
import assert from "node:assert/strict";
import { startMoto } from "../servers/moto.ts";
import type { S3Server } from "../servers/s3_server.ts";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { withGateway } from "./each_store.ts";
import { endOf, eventsOf, recordsOf, startHoldfast } from "./holdfast.ts";
import { edit, type Machine, type Machines, on, withMachines } from "./machines.ts";
import { settle } from "./place.ts";

const LARGE = ['part_size = "5 MiB"'];

/** Starts a run; `reached` resolves when its request is held. Fails where it ends before. */
async function startedUntil(machine: Machine, args: readonly string[], reached: Promise<void>) {
  const child = await startHoldfast(machine, args, { before: machine.before });
  const isOver = await Promise.race([reached.then(() => false), child.status.then(() => true)]);
  if (isOver) assert.fail(`it has ended before: ${(await endOf(child)).said}`);
  return child;
}

/** Starts a run whose request is held, and stops the process as a laptop that is closed. */
async function stoppedAt({ one, held }: Machines, request: RegExp, args: readonly string[]) {
  const child = await startedUntil(one, args, held.holdAt(request));
  child.kill("SIGSTOP");
  return () => {
    child.kill("SIGCONT");
    held.release();
    return endOf(child);
  };
}

async function restored(machine: Machine, name: string): Promise<void> {
  const out = `${machine.folder}/${name}`;
  await on(machine, 0, ["restore", "--to", out]);
  assertSameTree(machine.source, out);
}

async function withServers(test: string, use: (server: S3Server) => Promise<void>): Promise<void> {
  await withGateway(use);
  const moto = await startMoto();
  if (moto === undefined) return console.log(`skipped on moto: ${test}`);
  try {
    await use(moto);
  } finally {
    await moto.stop();
  }
}

const places = [
  ["a new file", /^PUT \S*\/both\b/, "echo desk-new > both"],
  ["a changed file", /^PUT \S*\/docs\/one\.txt\b/, "echo changed on desk > docs/one.txt"],
  ["a file of the same size", /^PUT \S*\/docs\/one\.txt\b/, "echo ONE > docs/one.txt"],
  ["a symlink", /^PUT \S*\/both\b/, "ln -s docs/one.txt both"],
  ["a large file", /^POST \S*\/big\?/, "head -c 6000000 /dev/zero > big"],
] as const;

for (const [what, request, change] of places) {
  const test = `${what} that a stopped machine sends late is not put over what has taken over`;
  Deno.test(test, () =>
    withServers(test, (server) =>
      withMachines(server, async (machines) => {
        const { one, two } = machines;
        await edit(one, change);
        await edit(two, "echo laptop > both; echo laptop > docs/one.txt; echo laptop > big");
        const goOn = await stoppedAt(machines, request, ["backup"]);
        await on(two, 0, ["--yes", "takeover"]);
        await on(two, 0, ["backup", "--accept-deletions"]);
        const late = await goOn();
        assert.equal(late.code, 11, late.said);
        assert.match(late.said, /taken over by/);
        assert.doesNotMatch(late.said, /nothing was written/);
        await on(two, 0, ["check", "--read-data"]);
        await restored(two, "of-two");
        // What the other has is told apart by nobody but its owner: it takes the job back.
        await on(one, 11, ["backup"]);
        await on(one, 0, ["--yes", "takeover"]);
        await on(one, 0, ["backup", "--accept-deletions"]);
        await restored(one, "of-one");
        await on(one, 0, ["check", "--read-data"]);
        await on(one, 0, ["log", "verify"]);
        await on(two, 11, ["backup"]);
      }, { config: LARGE })));
}

Deno.test("where versions are kept both contents are there, and each machine has its own", () =>
  withGateway((server) =>
    withMachines(server, async (machines) => {
      const { one, two, folder } = machines;
      await edit(one, "echo desk-new > both");
      await edit(two, "echo laptop > both");
      const goOn = await stoppedAt(machines, /^PUT \S*\/both\b/, ["backup"]);
      await on(two, 0, ["--yes", "takeover"]);
      await on(two, 0, ["backup"]);
      const [{ position }] = (await eventsOf(two, "SnapshotCreated")).slice(-1);
      assert.equal((await goOn()).code, 11);
      await on(two, 0, ["check", "--read-data"]);
      await restored(two, "of-two");
      const { stdout } = await on(two, 0, ["--json", "reconcile"]);
      const { totals } = recordsOf({ stdout, stderr: "", code: 0, said: "" }).at(-1)!;
      assert.equal(totals.newer, 1, stdout);
      await on(one, 0, ["--yes", "takeover"]);
      await on(one, 0, ["backup"]);
      await restored(one, "of-one");
      await on(one, 0, ["restore", "--snapshot", `${position}`, "--to", `${folder}/then`]);
      assert.equal(Deno.readTextFileSync(`${folder}/then/both`), "laptop\n");
      await on(one, 0, ["log", "verify"]);
    }, { versioning: true })
  ));

Deno.test("of two takeovers at once one has the job, and the other can take it after that", () =>
  withGateway((server) =>
    withMachines(server, async (machines) => {
      const { one, two, held, other } = machines;
      const three = other("tower");
      await edit(two, "echo two > mine");
      await edit(three, "echo three > mine");
      // The first one is slow: it takes over from itself, without its key and database.
      shell(machines.folder, "rm state/job.*");
      const reached = held.holdAt(/^PUT \S*\/log\//);
      const child = await startedUntil(one, ["--yes", "takeover"], reached);
      await on(two, 0, ["--yes", "takeover"]);
      held.release();
      const lost = await endOf(child);
      assert.equal(lost.code, 11, lost.said);
      await on(two, 0, ["backup"]);
      await on(one, 12, ["backup"]);
      await on(three, 0, ["--yes", "takeover"]);
      await on(three, 0, ["backup"]);
      await on(two, 11, ["backup"]);
      await on(one, 0, ["--yes", "takeover"]);
      await on(one, 0, ["backup", "--accept-deletions"]);
      assert.equal((await eventsOf(one, "TakenOver")).length, 3);
      assert.equal((await eventsOf(one, "SnapshotCreated")).length, 4);
      await on(one, 0, ["log", "verify"]);
      await restored(one, "of-one");
    })
  ));

Deno.test("a takeover that is killed at any of its requests stops nobody's way", () =>
  withGateway((server) =>
    withMachines(server, async ({ one, held, two, folder }) => {
      // The machine whose requests are held is the one that takes over, again and again.
      const places = [/^PUT \S*\/log\//, /^PUT \S*0000\d+\.jsonl/];
      for (const [i, request] of places.entries()) {
        for (const isAnswer of [false, true]) {
          await edit(two, `echo ${i}${isAnswer} > turn`);
          await on(two, 0, ["--yes", "takeover"]);
          await on(two, 0, ["backup"]);
          const reached = isAnswer ? held.holdAnswerTo(request) : held.holdAt(request);
          const child = await startedUntil(one, ["--yes", "takeover"], reached);
          child.kill("SIGKILL");
          await endOf(child);
          held.drop();
          // Refused where the closing segment is there, and otherwise nothing has happened.
          const next = await startHoldfast(two, ["backup"], { before: two.before });
          const { code, said } = await endOf(next);
          assert.ok(code === 0 || code === 11, said);
          assert.equal(code, isAnswer ? 11 : 0, said);
        }
      }
      await on(one, 0, ["--yes", "takeover"]);
      await on(one, 0, ["backup", "--accept-deletions"]);
      await on(one, 0, ["log", "verify"]);
      shell(folder, "rm -r laptop state/job.*");
      // Nothing but the bucket is left of both.
      await on(two, 0, ["--yes", "takeover"]);
      await on(two, 0, ["log", "verify"]);
    })
  ));

Deno.test("a prune that is stopped deletes nothing once the job is taken over", () =>
  withGateway((server) =>
    withMachines(server, async (machines) => {
      const { one, two } = machines;
      await edit(one, "echo newer > docs/one.txt; rm pictures/large.jpg");
      await on(one, 0, ["backup", "--accept-deletions"]);
      await on(one, 0, ["--yes", "forget", "--keep-last", "1"]);
      const goOn = await stoppedAt(machines, /^PUT \S*\/log\//, ["--yes", "prune"]);
      await on(two, 0, ["--yes", "takeover"]);
      await on(two, 0, ["backup", "--accept-deletions"]);
      const late = await goOn();
      assert.equal(late.code, 11, late.said);
      await on(two, 0, ["check", "--read-data", "--snapshots"]);
      await restored(two, "of-two");
      await on(two, 0, ["log", "verify"]);
    }, { versioning: true })
  ));

Deno.test("the job goes there and back, and no snapshot is lost", () =>
  withGateway((server) =>
    withMachines(server, async ({ one, two }) => {
      for (let turn = 0; turn < 3; turn++) {
        for (const machine of [two, one]) {
          await edit(machine, `echo ${turn} of ${machine.source} > turn`);
          await on(machine, 0, ["--yes", "takeover"]);
          const again = await on(machine, 0, ["--yes", "takeover"]);
          assert.match(again.said, /writes the job e2e already/);
          await on(machine, 0, ["backup"]);
        }
        await on(two, 11, ["backup"]);
        await on(two, 11, ["--yes", "forget", "--keep-last", "1"]);
      }
      assert.equal((await eventsOf(one, "SnapshotCreated")).length, 7);
      assert.equal((await eventsOf(one, "TakenOver")).length, 6);
      await on(one, 0, ["log", "verify"]);
      await on(one, 0, ["check", "--snapshots"]);
      await restored(one, "of-one");
      await settle();
    }, { versioning: true })
  ));
