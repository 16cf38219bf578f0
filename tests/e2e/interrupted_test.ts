/** Runs that are stopped, runs that meet, and looks at a run that is under way. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { type HeldServer, startHeldServer } from "./held_server.ts";
import { endOf, eventsOf, holdfast, mustEnd, type Place, startHoldfast } from "./holdfast.ts";
import { makeSmallTree, s3Job, withPlace } from "./place.ts";
import { listUploads } from "./store_look.ts";

/** A job whose first backup is done, and a large new file of 24 MiB: five parts. */
function withHeldJob(
  use: (place: Place, held: HeldServer, uploads: () => Promise<string[]>) => Promise<void>,
): Promise<void> {
  return withGateway(async (server) => {
    const held = startHeldServer(server.endpoint);
    try {
      await withPlace(async (empty) => {
        makeSmallTree(`${empty.folder}/src`);
        const bucket = await freshBucket(server, { versioning: true });
        const options = { config: ['part_size = "5 MiB"'] };
        const place = await s3Job(empty, { ...server, endpoint: held.endpoint }, bucket, options);
        await mustEnd(0, place, ["backup"]);
        shell(`${empty.folder}/src`, "head -c 24M /dev/urandom > large; echo new > new");
        await use(place, held, () => listUploads(server, bucket));
      });
    } finally {
      await held.stop();
    }
  });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} ends a backup with exit code 130, and the next run carries on`, () =>
    withHeldJob(async (place, held, uploads) => {
      const reached = held.holdAt(/^PUT \S*\/large\?\S*partNumber=3/);
      const child = await startHoldfast(place, ["backup"]);
      await reached;
      child.kill(signal);
      const ended = await endOf(child);
      held.release();
      assert.equal(ended.code, 130, ended.said);
      assert.match(ended.stderr, /error: interrupted/);
      assert.equal((await eventsOf(place, "RunFinished")).at(-1)!.data.outcome, 130);

      await mustEnd(0, place, ["backup"]);
      assert.deepEqual(await uploads(), []);
      assert.equal((await eventsOf(place, "UploadResumed")).length, 1);
      await mustEnd(0, place, ["log", "verify"]);
      const out = `${place.folder}/out`;
      await mustEnd(0, place, ["restore", "large", "new", "--to", out]);
      shell(place.folder, "cmp src/large out/large; cmp src/new out/new");
    }));
}

Deno.test("a second backup of the same job is refused with exit code 11 and the first one's PID", () =>
  withHeldJob(async (place, held) => {
    const reached = held.holdAt(/^PUT \S*\/large\?\S*partNumber=3/);
    const child = await startHoldfast(place, ["backup"]);
    await reached;
    const second = await holdfast(place, ["backup"]);
    held.release();
    assert.equal((await endOf(child)).code, 0);
    assert.equal(second.code, 11, second.said);
    assert.match(second.stderr, new RegExp(`written by PID ${child.pid} on \\S+ since \\d{4}-`));
    await mustEnd(0, place, ["backup"]);
  }));

Deno.test("looking and restoring work while a backup is running", () =>
  withHeldJob(async (place, held) => {
    const reached = held.holdAt(/^PUT \S*\/large\?\S*partNumber=3/);
    const child = await startHoldfast(place, ["backup"]);
    await reached;
    const status = await mustEnd(0, place, ["status"]);
    assert.match(status.stdout, new RegExp(`written now +by PID ${child.pid}`));
    assert.match(status.stdout, /open uploads +1/);
    const ls = await mustEnd(0, place, ["ls", "docs"]);
    assert.equal(ls.stdout, "docs/letters/\ndocs/one.txt\n");
    const log = await mustEnd(0, place, ["log", "--type", "UploadStarted"]);
    assert.match(log.stdout, /large, 24 MiB/);
    for (const command of ["snapshots", "stats"]) await mustEnd(0, place, [command]);
    await mustEnd(0, place, ["restore", "docs", "--to", `${place.folder}/out`]);
    assert.equal(Deno.readTextFileSync(`${place.folder}/out/docs/one.txt`), "one\n");
    held.release();
    assert.equal((await endOf(child)).code, 0);
    await mustEnd(0, place, ["log", "verify"]);
  }));
