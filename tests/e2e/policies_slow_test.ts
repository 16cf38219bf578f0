/** Each printed policy is enough for its work, and has nothing that its work does not need. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { withGateway, withMoto } from "./each_store.ts";
import { startHeldServer } from "./held_server.ts";
import { endOf, type Place, startHoldfast } from "./holdfast.ts";
import { type PolicedJob, type PolicedOptions, type Rights, withPolicies } from "./policed.ts";
import { settle, withPlace } from "./place.ts";
import { putText } from "./store_look.ts";

/** Small files, a large one, what needs a sidecar, a link. */
function makeTree(folder: string): void {
  shell(
    folder,
    `mkdir docs; echo one > docs/one.txt; echo two > two.txt; ln -s two.txt link
     setfattr -n user.big -v "$(printf %03000d 0)" two.txt; head -c 20000000 /dev/urandom > large`,
  );
}

async function twoBackups({ place, as }: PolicedJob): Promise<void> {
  const source = `${place.folder}/src`;
  makeTree(source);
  await settle();
  await as("backup_only", ["backup"]);
  shell(source, "mv large moved; echo ONE > docs/one.txt; chmod 600 two.txt; rm link");
  await settle();
  await as("backup_only", ["backup"]);
}

async function worksInMirror(job: PolicedJob, lock: boolean): Promise<void> {
  const { place, as, by, bucket, server } = job;
  const { folder } = place;
  await twoBackups(job);
  await as("backup_only", ["backup", "--dry-run"]);
  await as("backup_only", ["log", "ship"]);
  await as("backup_only", ["log", "verify"]);
  await as("backup_only", ["forget", "--keep-last", "5", "--yes"]);

  await as("restore", ["ls", "--remote"]);
  await as("restore", ["restore", "--to", `${folder}/now`]);
  assertSameTree(`${folder}/src`, `${folder}/now`);
  const [first] = oldest(await as("restore", ["snapshots"]));
  await as("restore", ["restore", "--snapshot", first, "--to", `${folder}/old`]);
  assert.equal(Deno.readTextFileSync(`${folder}/old/docs/one.txt`), "one\n");
  await as("restore", ["log", "verify"]);

  await as("prune", ["log", "checkpoint"]);
  await as("prune", ["check", "--read-data"]);
  // versitygw keeps no lock that is put with a folder's marker: the next backup adds it.
  if (lock) await as("prune", ["check", "--lock"], { code: 4 });
  await as("backup_only", ["backup"]);
  if (lock) await as("prune", ["check", "--lock"]);
  await as("prune", ["uploads"]);
  await putText(server, bucket, "home/foreign", "of another tool");
  await as("prune", ["reconcile", "--delete-unknown", "--yes"]);
  await as("prune", ["forget", "--keep-last", "1", "--yes"]);
  await as("prune", ["prune", "--yes"]);
  await as("prune", ["status"]);

  // A machine without the database, and one that takes the job over.
  shell(folder, "rm -r state");
  await as("restore", ["ls"]);
  await as("restore", ["restore", "--to", `${folder}/without`]);
  assertSameTree(`${folder}/src`, `${folder}/without`);
  await as("restore", ["rebuild"]);
  await as("prune", ["takeover", "--yes"]);
  await as("backup_only", ["backup"]);
  await as("prune", ["check"]);
  await by(undefined, ["log", "verify"]);
}

async function worksWithPacks({ place, as }: PolicedJob): Promise<void> {
  const { folder } = place;
  const source = `${folder}/src`;
  makeTree(source);
  for (const text of ["first", "second", "third"]) {
    shell(source, `echo ${text} > two.txt; head -c 1000000 /dev/urandom > changing`);
    await settle();
    await as("backup_only", ["backup"]);
  }
  await as("restore", ["restore", "--to", `${folder}/now`]);
  assertSameTree(source, `${folder}/now`);
  await as("prune", ["check", "--read-data"]);
  await as("prune", ["forget", "--keep-last", "1", "--yes"]);
  await as("prune", ["prune", "--yes"]);
  await as("prune", ["delete", "docs/one.txt", "--force", "--yes"]);
  shell(source, "rm docs/one.txt");
  await as("backup_only", ["backup"]);
  shell(folder, "rm -r state");
  await as("restore", ["restore", "--to", `${folder}/without`]);
  assertSameTree(source, `${folder}/without`);
}

/** Positions of the snapshots, the oldest first. */
function oldest({ stdout }: { readonly stdout: string }): string[] {
  return [...stdout.matchAll(/^ *(\d+) {2}20/gm)].map(([, position]) => position)
    .sort((a, b) => Number(a) - Number(b));
}

/** A backup that is killed before its upload is completed. */
async function cutUpload(place: Place, held: ReturnType<typeof startHeldServer>): Promise<void> {
  const reached = held.holdAt(/^POST \S*uploadId=/);
  const child = await startHoldfast(place, ["backup"]);
  await reached;
  child.kill("SIGKILL");
  await endOf(child);
  held.drop();
}

async function uploadsAreCutOff(
  { place, as, proxy, policies }: PolicedJob,
  held: ReturnType<typeof startHeldServer>,
): Promise<void> {
  const source = `${place.folder}/src`;
  const change = async () => {
    shell(source, "head -c 20000000 /dev/urandom > large");
    await settle();
  };
  await change();
  proxy.setPolicy(policies.backup_only);
  await cutUpload(place, held);
  const { stdout } = await as("backup_only", ["backup"]);
  assert.match(stdout, /stored 1 object/);
  // Of a file that has changed since the upload is of no use, and aborted.
  await change();
  await cutUpload(place, held);
  await change();
  await as("backup_only", ["backup"]);
  await change();
  await cutUpload(place, held);
  assert.match((await as("prune", ["uploads"])).stdout, /large/);
  await as("prune", ["uploads", "--abort", "--yes"]);
}

async function archivesAreWarmedUp({ place, as }: PolicedJob): Promise<void> {
  const { folder } = place;
  shell(`${folder}/src`, "echo one > one.txt; echo two > two.txt");
  await settle();
  await as("backup_only", ["backup"]);
  await as("restore", ["restore", "--to", `${folder}/out`, "--yes"], { code: 13 });
  await as("restore", ["restores", "resume", "1"]);
  assertSameTree(`${folder}/src`, `${folder}/out`);
  await as("restore", ["restores"]);
}

Deno.test("each role does its work by its policy, and has no right that no work needs", async (test) => {
  const rights: Rights = new Map();
  const step = (name: string, options: PolicedOptions, use: (job: PolicedJob) => Promise<void>) =>
    test.step(
      name,
      () =>
        withGateway((server) =>
          withPlace((place) => withPolicies(server, place, { ...options, rights }, use))
        ),
    );
  await step("in a versioned bucket", {}, (job) => worksInMirror(job, false));
  await step("in a locked bucket", { lock: true }, (job) => worksInMirror(job, true));
  const packs = ["--layout", "pack", "--encryption", "none"];
  await step("with packs", { init: packs }, worksWithPacks);
  await step("with locked packs", { init: packs, lock: true }, async (job) => {
    shell(`${job.place.folder}/src`, "echo one > one.txt");
    await settle();
    await job.as("backup_only", ["backup"]);
    await job.as("prune", ["check", "--lock"]);
  });
  let held: ReturnType<typeof startHeldServer> | undefined;
  const endpoint = (proxy: { readonly endpoint: string }) =>
    (held = startHeldServer(proxy.endpoint)).endpoint;
  try {
    await step(
      "where uploads are cut off",
      { endpoint, lock: true },
      (job) => uploadsAreCutOff(job, held!),
    );
  } finally {
    await held?.stop();
  }
  const cold = {
    init: ["--storage-class", "DEEP_ARCHIVE"],
    config: ["min_archive_size = 0"],
    rights,
  };
  await test.step("where files are archived, on moto", () =>
    withMoto((server) =>
      withPlace((place) => withPolicies(server, place, cold, archivesAreWarmedUp))
    ));
  await test.step("no right is left over", () => {
    const left = [...rights].filter(([, isUsed]) => !isUsed).map(([right]) => right);
    assert.deepEqual(left, []);
    assert.ok(rights.size > 10);
  });
});
