/** A machine that drops old history, and fetches it back from the repository where it is asked for. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { holdfastJson, mustEnd, type Place, recordsOf, totalsOf } from "./holdfast.ts";
import { folderJob, makeSmallTree, settle, withPlace } from "./place.ts";

interface History {
  readonly place: Place;
  /** Positions of the snapshots of four backups: three of them are before the checkpoint. */
  readonly snapshots: readonly number[];
  readonly checkpoint: number;
}

/** Three backups, a checkpoint, and a backup behind it. */
function withHistory(
  use: (history: History) => Promise<void>,
  config: readonly string[] = [],
): Promise<void> {
  return withPlace(async (empty) => {
    const src = `${empty.folder}/src`;
    makeSmallTree(src);
    shell(src, "mkdir many; for i in $(seq 500); do echo $i > many/file-with-a-name-$i.txt; done");
    await settle();
    const place = await folderJob(empty, { config });
    await mustEnd(0, place, ["backup"]);
    shell(empty.folder, "cp -a src first");
    shell(src, "mv docs papers; echo three > papers/three.txt; rm many/*7.txt");
    await settle();
    await mustEnd(0, place, ["backup", "--accept-deletions"]);
    // What a log grows by, and an index does not.
    shell(src, "touch many/*");
    await settle();
    await mustEnd(0, place, ["backup"]);
    const { position } = totalsOf((await holdfastJson(place, ["log", "checkpoint"])).records);
    shell(src, "echo four > papers/four.txt");
    await settle();
    await mustEnd(0, place, ["backup"]);
    const { records } = await holdfastJson(place, ["snapshots"]);
    const snapshots = records.map((record) => Number(record.position));
    await use({ place, snapshots, checkpoint: Number(position) });
  });
}

/** The lines of the log, without what `--json` says about the command. */
const eventLines = async (place: Place) =>
  recordsOf(await mustEnd(0, place, ["--json", "log"])).filter(({ type }) => type !== undefined);

const said = async (place: Place, args: readonly string[]) =>
  (await mustEnd(0, place, args)).stdout;

Deno.test("after a cut every look at the past is as before, fetched from the repository", () =>
  withHistory(async ({ place, snapshots: [one, two, , three], checkpoint }) => {
    const looks = [
      ["ls", "-r", "-l", "--snapshot", `${one}`],
      ["history", "papers/three.txt"],
      ["diff", `${one}`, `${three}`],
      ["find", "--all", "three.txt"],
      ["snapshots"],
      ["log", "--type", "EntriesObserved"],
    ];
    const before = new Map<string, string>();
    const events = (await eventLines(place)).length;
    for (const look of looks) before.set(look.join(" "), await said(place, look));

    const planned = await said(place, ["--dry-run", "log", "cut"]);
    assert.match(planned, new RegExp(`plan: drop the events 1 to ${checkpoint} from this machine`));
    for (const command of [["log", "cut"], ["log", "export", "--output", `${place.folder}/no`]]) {
      const dry = totalsOf((await holdfastJson(place, ["--dry-run", ...command])).records);
      assert.equal(dry.dry_run, true, command.join(" "));
    }
    const cut = totalsOf((await holdfastJson(place, ["log", "cut"])).records);
    assert.equal(cut.position, checkpoint);
    assert.ok(cut.bytes < cut.bytes_before, `${cut.bytes} of ${cut.bytes_before}`);

    for (const look of looks) {
      assert.equal(await said(place, look), before.get(look.join(" ")), look.join(" "));
    }
    const status = await mustEnd(0, place, ["status"]);
    assert.match(status.stdout, new RegExp(`behind position ${checkpoint}; .*cut here on`));
    const out = `${place.folder}/out`;
    await mustEnd(0, place, ["restore", "--at", `${one}`, "--to", out]);
    assertSameTree(`${place.folder}/first`, out);
    const exported = `${place.folder}/log.jsonl`;
    await mustEnd(0, place, ["log", "export", "--output", exported]);
    assert.ok(Deno.readTextFileSync(exported).split("\n").length > events);
    assert.equal((await holdfastJson(place, ["replay"])).code, 0);
    // What is here is enough for the newest states and for what comes next.
    const recent = await mustEnd(0, place, ["ls", "--snapshot", `${three}`]);
    assert.doesNotMatch(recent.stderr, /is read from the repository/);
    await mustEnd(0, place, ["log", "verify"]);
    assert.equal(totalsOf((await holdfastJson(place, ["backup"])).records).objects, 0);
    await mustEnd(0, place, ["check", "--snapshots"]);
    await mustEnd(0, place, ["forget", `${one}`]);
    await mustEnd(0, place, ["--yes", "prune"]);
    await mustEnd(0, place, ["ls", "--snapshot", `${two}`]);
    const verified = await mustEnd(0, place, ["log", "verify"]);
    assert.match(
      verified.said,
      new RegExp(`verified from position ${checkpoint} on, .* was cut at`),
    );
    assert.match(verified.said, /are signed and the same/);
    const left = [...Deno.readDirSync(`${place.folder}/state`)].map(({ name }) => name);
    assert.deepEqual(left.filter((name) => /^\.(work|replay)-/.test(name)), []);
  }));

Deno.test("with the store away what was cut cannot be had, and says what to do; the rest can", () =>
  withHistory(async ({ place, snapshots: [one, , , three] }) => {
    await mustEnd(0, place, ["log", "cut"]);
    Deno.renameSync(`${place.folder}/store`, `${place.folder}/away`);
    for (const look of [["history", "papers/three.txt"], ["ls", "--snapshot", `${one}`]]) {
      const { stderr } = await mustEnd(10, place, look);
      assert.match(stderr, /was cut here, and cannot be read from the repository: /);
      assert.match(stderr, /what came later can be looked at without it/);
    }
    await mustEnd(0, place, ["ls", "--snapshot", `${three}`]);
    await mustEnd(0, place, ["status"]);
    await mustEnd(0, place, ["log", "verify", "--local"]);
    const replayed = await mustEnd(0, place, ["replay"]);
    assert.match(replayed.stderr, /cannot be read from the repository/);
    const since = recordsOf(await mustEnd(10, place, ["--json", "log"]));
    assert.deepEqual(since.filter(({ type }) => type !== undefined), []);
  }));

Deno.test("undo of a backup from before the cut, and rebuild after it", () =>
  withHistory(async ({ place }) => {
    const runs = recordsOf(await mustEnd(0, place, ["--json", "log", "--type", "RunStarted"]))
      .filter(({ data }) => data.command === "backup");
    await mustEnd(0, place, ["log", "checkpoint"]);
    await mustEnd(0, place, ["log", "cut"]);
    const again = await mustEnd(0, place, ["log", "cut"]);
    assert.match(again.said, /nothing was dropped: the log was cut at its last checkpoint/);
    const undone = await mustEnd(0, place, ["undo", runs.at(-1)!.run]);
    assert.match(undone.stderr, /is read from the repository/);
    await mustEnd(0, place, ["log", "verify"]);
    shell(place.folder, "rm state/job.db state/job.db-*");
    await mustEnd(0, place, ["rebuild"]);
    assert.equal((await eventLines(place))[0].position, 1);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("after a cut reconcile knows what older states had, and takes none of it over", () =>
  withHistory(async ({ place }) => {
    const compared = async (...args: string[]) =>
      totalsOf((await holdfastJson(place, ["reconcile", ...args])).records);
    // The objects of a moved folder's files stay where they were; nothing in the index names them then.
    shell(`${place.folder}/src/papers`, "for file in $(find . -type f); do echo new > $file; done");
    await settle();
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["log", "checkpoint"]);
    const { former } = await compared();
    assert.ok(former > 0, "nothing is left of older states");
    await mustEnd(0, place, ["log", "cut"]);
    const after = await compared("--fix");
    assert.equal(after.former, former);
    assert.equal(after.unknown_objects, 0);
    assert.equal(after.adopted, 0);
    // The first segment: what it has is not here any more, and nobody puts it back.
    shell(place.folder, "find store/.holdfast-store -name '*001.jsonl.zst=' -delete");
    for (const command of ["check", "reconcile"]) {
      const { said } = await mustEnd(5, place, [command]);
      assert.match(
        said,
        /missing: the log.*it is lost, unless another copy of the database has it/,
      );
      assert.doesNotMatch(said, /log ship/);
    }
    // Without the history it is not known whose that was: nothing is taken over, and it is said.
    const { code, records, said } = await holdfastJson(place, ["reconcile", "--fix"]);
    const { adopted, unknown_objects, not_adopted } = totalsOf(records);
    assert.deepEqual([code, adopted, unknown_objects], [5, 0, former], said);
    assert.ok(not_adopted["older than the log on this machine: maybe moved since"] > 0, said);
    assert.match(said, /of what is unknown, older states may have some/);
  }, ['renames = "alias"']));
