/** A machine that has lost its database, in front of a repository that has lost the log's beginning. */
import assert from "node:assert/strict";
import { segmentOfKey } from "../../src/core/log_segment.ts";
import { openFolderStore } from "../../src/stores/folder/folder_store.ts";
import { systemEnvironment } from "../../src/wiring/environment.ts";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { eventsOf, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { folderJob, makeSmallTree, settle, withPlace } from "./place.ts";

/** Two backups, a checkpoint, and a backup behind it. */
function withCheckpoint(use: (place: Place, position: number) => Promise<void>): Promise<void> {
  return withPlace(async (empty) => {
    const src = `${empty.folder}/src`;
    makeSmallTree(src);
    await settle();
    const place = await folderJob(empty);
    await mustEnd(0, place, ["backup"]);
    shell(src, "echo three > docs/three.txt; rm docs/letters/two.txt");
    await settle();
    await mustEnd(0, place, ["backup", "--accept-deletions"]);
    const { position } = totalsOf((await holdfastJson(place, ["log", "checkpoint"])).records);
    shell(src, "echo four > docs/four.txt");
    await settle();
    await mustEnd(0, place, ["backup"]);
    await use(place, Number(position));
  });
}

/** Segments that begin up to a position, deleted as any S3 client would. */
async function loseSegments({ folder }: Place, position: number): Promise<void> {
  const store = openFolderStore(`${folder}/store`, {
    ...{ ...systemEnvironment(), hostname: "elsewhere", create: false },
  });
  const lost: { key: string }[] = [];
  for await (const page of store.list(".holdfast/log/")) {
    lost.push(...page.filter(({ key }) => segmentOfKey(key)!.first <= position));
  }
  assert.deepEqual(await store.delete(lost), []);
  store.close();
}

const digestsOf = async (place: Place) =>
  totalsOf((await holdfastJson(place, ["replay"])).records).digests;

Deno.test("rebuild from a checkpoint and what follows: the same index, and the next backup goes on", () =>
  withCheckpoint(async (place, position) => {
    const listed = await mustEnd(0, place, ["ls", "-r", "-l"]);
    const digests = await digestsOf(place);
    const whole = await mustEnd(0, place, ["log", "verify"]);
    assert.match(whole.said, new RegExp(`checkpoint at position ${position} is as the log says`));
    shell(place.folder, "rm state/job.db state/job.db-*");
    await loseSegments(place, position);

    // A look without a database works, too, and leaves nothing.
    const guest = await mustEnd(0, place, ["ls", "-r", "-l"]);
    assert.equal(guest.stdout, listed.stdout);
    assert.match(guest.stderr, /the index is that of the checkpoint at position/);

    const { records, code } = await holdfastJson(place, ["rebuild"]);
    assert.equal(code, 5);
    const totals = totalsOf(records);
    assert.deepEqual([totals.base, totals.writable], [position, true]);
    for (const [name, digest] of Object.entries(totals.digests)) {
      if (name !== "segments") assert.equal(digest, digests[name], name);
    }
    assert.deepEqual(
      [...Deno.readDirSync(`${place.folder}/state`)].map(({ name }) => name)
        .filter((name) => name.includes(".new")),
      [],
    );
    assert.equal((await mustEnd(0, place, ["ls", "-r", "-l"])).stdout, listed.stdout);
    const out = `${place.folder}/out`;
    await mustEnd(0, place, ["restore", "--to", out]);
    assertSameTree(`${place.folder}/src`, out);
    const verified = await mustEnd(0, place, ["log", "verify"]);
    assert.match(verified.said, new RegExp(`verified from position ${position} on`));
    assert.equal(totalsOf((await holdfastJson(place, ["backup"])).records).objects, 0);
    await mustEnd(0, place, ["log", "verify"]);
    assert.deepEqual((await holdfastJson(place, ["replay"])).code, 0);
  }));

Deno.test("what was before the checkpoint is told to be gone, by each command that asks for it", () =>
  withCheckpoint(async (place, position) => {
    const [first, second] = (await eventsOf(place, "SnapshotCreated")).map((event) =>
      event.position
    );
    shell(place.folder, "rm state/job.db state/job.db-*");
    await loseSegments(place, position);
    await mustEnd(5, place, ["rebuild"]);
    const gone = new RegExp(`the history before position ${position} is not on this machine`);
    const asks = [["ls", "--at", "3"], ["restore", "--to", "out", "--snapshot", `${first}`]];
    asks.push(["log", "--until", "2001-01-01"], ["diff", `${first}`, `${second}`], ["prune"]);
    for (const ask of asks) assert.match((await mustEnd(1, place, ask)).stderr, gone, `${ask}`);
    for (const ask of [["log"], ["history", "docs/three.txt"], ["find", "--all", "three.txt"]]) {
      assert.match((await mustEnd(0, place, ask)).stderr, gone, `${ask}`);
    }
    const listed = await mustEnd(0, place, ["snapshots"]);
    assert.equal(listed.stdout.match(/index only: its state is not on this machine/g)?.length, 1);
    // Nothing has changed between the second backup's snapshot and the checkpoint.
    const at = await mustEnd(0, place, ["ls", "-r", "--snapshot", `${second}`]);
    assert.match(at.stdout, /three\.txt/);
    assert.doesNotMatch(at.stdout, /four\.txt/);
    const found = await mustEnd(0, place, ["find", "--all", "three.txt"]);
    assert.match(found.stdout, /docs\/three\.txt/);
    await mustEnd(0, place, ["forget", `${first}`]);
    await mustEnd(0, place, ["--yes", "prune"]);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("a small job gets a checkpoint by no command but its own", () =>
  withPlace(async (empty) => {
    makeSmallTree(`${empty.folder}/src`);
    await settle();
    const place = await folderJob(empty);
    await mustEnd(0, place, ["backup"]);
    const planned = await mustEnd(0, place, ["--dry-run", "log", "checkpoint"]);
    assert.match(planned.stdout, /plan: send the index as at position \d+/);
    const checkpoints = `${place.folder}/store/.holdfast/checkpoints`;
    assert.throws(() => Deno.lstatSync(checkpoints), Deno.errors.NotFound);
    await mustEnd(0, place, ["log", "checkpoint"]);
    assert.equal([...Deno.readDirSync(checkpoints)].length, 1);
  }));
