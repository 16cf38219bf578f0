/** What moved entries cost in requests, and that nothing of them is lost by it. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, type Gateway, withGateway } from "./each_store.ts";
import { eventsOf, mustEnd, type Place } from "./holdfast.ts";
import { s3Job, settle, withPlace } from "./place.ts";
import { testRenamedFolder } from "./renamed_folder.ts";
import { loggedRun } from "./request_log.ts";

testRenamedFolder(2000);

/** Every kind of move, with nothing new among them. */
function makeTree(folder: string): void {
  shell(
    folder,
    `mkdir -p chain swap albums/old/deep onto case nest/inner left right deep
     for f in chain/a chain/b swap/x swap/y albums/1 albums/old/2 albums/old/deep/3 onto/from onto/to \\
       case/Name nest/inner/file left/l right/r linked attributes deep/er alone
     do echo "this is $f" > $f; done
     ln -s 1 albums/link; ln chain/b hard; mkfifo albums/fifo
     setfattr -n user.note -v "$(head -c 3000 /dev/zero | tr '\\0' n)" attributes`,
  );
}

/** A key cannot be as long as this. */
const longPath = Array(5).fill("n".repeat(250)).join("/");

function moveAll(folder: string): void {
  shell(
    folder,
    `mv chain/b chain/c; mv chain/a chain/b; mv swap/x t; mv swap/y swap/x; mv t swap/y
     mv albums pictures; mv pictures/old/deep pictures/old/deeper; mv onto/from onto/to
     mv case/Name case/name; mv nest/inner out; mv out/file out/renamed
     mv left t; mv right left; mv t right; ln linked linked-too; mv attributes attributes-moved
     mkdir -p ${longPath}; mv deep ${longPath}/deep; mv alone ${longPath}/alone`,
  );
}

/** Calls `use` with a job whose tree is backed up; `first` is a copy of its source. */
function withJob(
  { versioning }: { versioning: boolean },
  use: (place: Place, server: Gateway) => Promise<void>,
): Promise<void> {
  return withGateway((server) =>
    withPlace(async (empty) => {
      makeTree(`${empty.folder}/src`);
      shell(empty.folder, "cp -a src first");
      await settle();
      const place = await s3Job(empty, server, await freshBucket(server, { versioning }));
      await mustEnd(0, place, ["backup"]);
      await use(place, server);
    })
  );
}

/** A dry run says how each would be settled, and why, and sends nothing. */
async function isPlanned(place: Place, server: Gateway, way: "copy" | "alias"): Promise<void> {
  const log = (await mustEnd(0, place, ["--json", "log"])).stdout;
  const plan = await loggedRun(place, server, ["--dry-run", "backup", "--renames", way]);
  assert.deepEqual([plan.code, plan.operations], [0, {}], plan.said);
  const { stdout } = await mustEnd(0, place, ["--dry-run", "backup", "--renames", way]);
  const lines = stdout.split("\n");
  for (
    const [from, to] of [["albums/", "pictures/"], ["chain/a", "chain/b"], ["swap/x", "swap/y"]]
  ) {
    const wanted = way === "copy"
      ? `copy ${from} to ${to}`
      : `leave ${from} as the alias target of ${to}`;
    assert.ok(lines.includes(`${wanted}: renames = "${way}"`), `no ${wanted} in ${stdout}`);
  }
  assert.match(stdout, /alone: the store cannot hold the key of the new path/);
  assert.equal((await mustEnd(0, place, ["--json", "log"])).stdout, log);
}

for (const way of ["copy", "alias"] as const) {
  for (const versioning of [false, true]) {
    const bucket = versioning ? "a bucket with versions" : "a bucket without versions";
    const name = `every kind of move sends no byte by ${way} in ${bucket}`;
    Deno.test(name, async () => {
      if (!canCompare(name)) return;
      await withJob({ versioning }, async (place, server) => {
        const { folder } = place;
        moveAll(`${folder}/src`);
        await settle();
        await isPlanned(place, server, way);
        const moved = await loggedRun(place, server, ["backup", "--renames", way]);
        assert.equal(moved.code, 0, moved.said);
        assert.equal(moved.bytes, 0, JSON.stringify(moved));
        if (way === "alias") assert.equal(moved.operations.CopyObject, undefined);
        const again = await loggedRun(place, server, ["backup", "--renames", way]);
        assert.deepEqual([again.code, again.operations], [0, {}], again.said);
        assert.ok(again.count <= 10, `${again.count} requests`);
        const touch = Deno.uid() === 0 ? "chown 4711:4712" : "touch -d 2001-01-01";
        shell(`${folder}/src`, `chmod g+w . -R; find . -type f -exec touch -h -d 2000-01-01 {} +`);
        shell(`${folder}/src`, `find pictures swap -exec ${touch} {} +`);
        await settle();
        const metadata = await loggedRun(place, server, ["backup", "--renames", way]);
        assert.deepEqual([metadata.code, metadata.operations], [0, {}], metadata.said);
        assert.ok(metadata.totals.observed > 20, metadata.said);
        await mustEnd(0, place, ["check"]);
        await mustEnd(0, place, ["log", "verify"]);
        await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
        assertSameTree(`${folder}/src`, `${folder}/out`);
        if (!versioning) return;
        const [{ position }] = await eventsOf(place, "SnapshotCreated");
        await mustEnd(0, place, ["restore", "--at", `${position}`, "--to", `${folder}/older`]);
        assertSameTree(`${folder}/first`, `${folder}/older`);
      });
    });
  }
}
