/** An encrypted mirror through the executable and each store. */
import assert from "node:assert/strict";
import { hasCommand, onLinux, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { type InitJob, onEachStore } from "./each_store.ts";
import { eventsOf, holdfast, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { type KeyedPlace, newIdentity, withKeyedPlace } from "./pack_job.ts";
import {
  addConfig,
  besides,
  editConfig,
  folderJob,
  type JobOptions,
  makeSmallTree,
  settle,
} from "./place.ts";
import { makeNastyTree } from "./tree.ts";

const PARTS = ['part_size = "5 MiB"'];

/** The job in the mirror layout, for the place's recipient. */
function sealedJob(
  { place, recipient }: KeyedPlace,
  make: InitJob,
  options: JobOptions = {},
): Promise<Place> {
  return make(place, { ...options, init: ["--recipient", recipient, ...options.init ?? []] });
}

/** Who has the config, and no identity. */
function withoutIdentity(place: Place): Place {
  const { HOLDFAST_IDENTITY_FILE: _, ...env } = place.env;
  return { ...place, env };
}

onEachStore(
  (store) => `a nasty tree comes back from an encrypted mirror in ${store} as it was`,
  (test, init) =>
    withKeyedPlace(async (keyed) => {
      if (!onLinux || !canCompare(test)) return;
      const { folder } = keyed.place;
      makeNastyTree(test, `${folder}/src`);
      const place = await sealedJob(keyed, init);
      await mustEnd(0, withoutIdentity(place), ["backup"]);
      await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
      assertSameTree(`${folder}/src`, `${folder}/out`);
      await mustEnd(0, place, ["log", "verify"]);
      await mustEnd(0, place, ["check", "--read-data"]);
      await mustEnd(0, withoutIdentity(place), ["check"]);
    }),
);

onEachStore(
  (store) =>
    `each snapshot comes back from an encrypted mirror in ${store}, on another machine too`,
  (test, init) =>
    withKeyedPlace(async (keyed) => {
      if (!canCompare(test)) return;
      const { folder } = keyed.place;
      const src = `${folder}/src`;
      makeSmallTree(src);
      shell(src, "head -c 12000000 /dev/urandom > image; cp docs/one.txt copy");
      await settle();
      const place = await sealedJob(keyed, init, { config: PARTS });
      const changes = [
        ":",
        "printf edited | dd of=image bs=1 seek=7000000 conv=notrunc 2>/dev/null; mv docs renamed",
        "rm -r pictures; cp image image2; echo more > more; chmod 600 nothing",
      ];
      for (const [i, change] of changes.entries()) {
        shell(src, change);
        await settle();
        await mustEnd(0, withoutIdentity(place), ["backup", "--accept-deletions"]);
        shell(folder, `cp -a src then${i}`);
      }
      const elsewhere = { ...besides(place, "other"), config: place.config };
      await mustEnd(0, elsewhere, ["rebuild"]);
      for (const [i, { position }] of (await eventsOf(place, "SnapshotCreated")).entries()) {
        for (const [name, machine] of [["out", place], ["other", elsewhere]] as const) {
          const to = `${folder}/${name}${i}`;
          await mustEnd(0, machine, ["restore", "--snapshot", `${position}`, "--to", to]);
          assertSameTree(`${folder}/then${i}`, to);
        }
      }
      await mustEnd(0, place, ["log", "verify"]);
    }),
);

Deno.test("objects are age files under their paths, and nothing of a content is in clear", () => {
  const test = "objects are age files under their paths";
  if (!hasCommand(test, "age")) return;
  return withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    shell(`${folder}/src`, "mkdir d; echo the-secret > d/f; head -c 7000000 /dev/zero > zeros");
    const place = await sealedJob(keyed, folderJob, { config: PARTS });
    await mustEnd(0, place, ["backup"]);
    for (const name of ["d/f", "zeros"]) {
      shell(folder, `age -d -i '${keyed.identity}' store/${name} | cmp - src/${name}`);
    }
    assert.equal(shell(folder, "grep -rl the-secret store || true"), "");
    assert.equal(shell(folder, "grep -rlP '\\x00{4096}' store || true"), "", "no run of zeros");
  });
});

Deno.test("without its identity nothing comes back, and nothing is written", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    const place = await sealedJob(keyed, folderJob);
    await mustEnd(0, place, ["backup"]);
    await newIdentity(place, `${folder}/wrong.txt`);
    for (const more of [[], ["--identity", `${folder}/wrong.txt`]]) {
      const args = ["restore", "--to", `${folder}/out`, ...more];
      const { said } = await mustEnd(12, withoutIdentity(place), args);
      assert.match(said, /--identity/);
      assert.throws(() => Deno.lstatSync(`${folder}/out`));
      await mustEnd(12, withoutIdentity(place), ["check", "--read-data", ...more]);
    }
  }));

Deno.test("a config that names no recipients, or others, writes nothing to the repository", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    const place = await sealedJob(keyed, folderJob);
    await mustEnd(0, place, ["backup"]);
    shell(`${folder}/src`, "echo two > more");
    await mustEnd(0, place, ["backup"]);
    const names = () => shell(folder, "find store -type f | sort");
    const before = names();
    const written = Deno.readTextFileSync(place.config);
    const other = await newIdentity(place, `${folder}/other.txt`);
    const edits = ["", `recipients = ["${other}"]`];
    const commands = [
      ...[["backup"], ["check"], ["forget", "--keep-last", "1"], ["prune", "--yes"]],
      ...[["undo", "last"], ["log", "ship"], ["log", "checkpoint"]],
    ];
    for (const line of edits) {
      editConfig(place, /^recipients = .*$/m, line);
      for (const args of commands) {
        const { said } = await mustEnd(12, place, args);
        assert.match(said, /recipients/, args.join(" "));
      }
      await mustEnd(12, { ...besides(place, "taker"), config: place.config }, [
        "takeover",
        "--yes",
      ]);
      const { said } = await mustEnd(0, place, ["restore", "--to", `${folder}/out-${line.length}`]);
      if (line !== "") assert.match(said, /the log of this restore stays here/);
      assert.equal(names(), before);
      Deno.writeTextFileSync(place.config, written);
    }
    const url = `file://${folder}/store`;
    const byUrl = { ...place, config: "" };
    await mustEnd(12, byUrl, ["sync", `${folder}/src`, url]);
    await mustEnd(12, byUrl, ["backup", `${folder}/src`, "--to", url]);
    assert.equal(names(), before);
    await mustEnd(0, place, ["backup"]);
  }));

Deno.test("a mirror that encrypts from some day on keeps what it had, and takes over the rest", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    const place = await folderJob(keyed.place);
    await mustEnd(0, place, ["backup"]);
    addConfig(place, [`recipients = ["${keyed.recipient}"]`]);
    await mustEnd(12, place, ["backup"]);
    await mustEnd(0, place, ["key", "recipients", "--confirm"]);
    shell(`${folder}/src`, "echo later > later; mv docs papers");
    await settle();
    const { records } = await holdfastJson(place, ["backup"]);
    assert.equal(totalsOf(records).moved, 1);
    assert.equal(
      shell(folder, "cat store/papers/one.txt store/docs/one.txt 2>/dev/null || true"),
      "one\n",
    );
    assert.match(shell(folder, "head -c 21 store/later"), /^age-encryption/);
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    assertSameTree(`${folder}/src`, `${folder}/out`);
    const old = ["restore", "nothing", "pictures", "--to", `${folder}/old`];
    await mustEnd(0, withoutIdentity(place), old);
    assert.equal(
      (await holdfast(withoutIdentity(place), ["restore", "--to", `${folder}/no`])).code,
      12,
    );
  }));
