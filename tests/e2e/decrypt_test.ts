/** Packs that a person has fetched, with nothing else but the executable and the identity. */
import assert from "node:assert/strict";
import { onLinux, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import {
  type Ended,
  endOf,
  holdfast,
  holdfastJson,
  mustEnd,
  type Place,
  startHoldfast,
} from "./holdfast.ts";
import { filesEnding, type KeyedPlace, newIdentity, packJob, withKeyedPlace } from "./pack_job.ts";
import { folderJob, makeSmallTree, settle } from "./place.ts";
import { makeNastyTree } from "./tree.ts";

/** Copies the packs, and their indexes, and removes config, database and store. */
function fetched({ place: { folder } }: KeyedPlace): string {
  shell(
    folder,
    `mkdir fetched; cp -r store/packs fetched/; find store/.holdfast/index -name '*.idx.zst*' \
       -exec cp {} fetched/ \\;
     chmod -R u+w holdfast.toml state store; rm -r holdfast.toml state store`,
  );
  return `${folder}/fetched`;
}

/** The place without config and database. */
function bare({ place }: KeyedPlace): Place {
  return { ...place, config: "", state: "" };
}

const wholeTree = "a nasty tree comes back from packs alone, and a second time changes nothing";
Deno.test(wholeTree, () =>
  withKeyedPlace(async (keyed) => {
    if (!onLinux || !canCompare(wholeTree)) return;
    const { folder } = keyed.place;
    shell(folder, "mkdir src/tree");
    makeNastyTree(wholeTree, `${folder}/src/tree`);
    shell(folder, "head -c 20000000 /dev/urandom > src/tree/image; cp -p src/tree/image src/copy");
    const place = await packJob(keyed, folderJob);
    await mustEnd(0, place, ["backup"]);
    await settle();
    shell(folder, "printf more | dd of=src/tree/image bs=1 seek=9000000 conv=notrunc 2>/dev/null");
    await settle();
    await mustEnd(0, place, ["backup"]);
    const from = fetched(keyed);
    const to = `${folder}/out`;
    const { stdout } = await mustEnd(0, bare(keyed), ["decrypt", from, "--to", to]);
    assert.match(stdout, /^decrypted \d+ entries, .* MiB, of 2 packs, to .*\n$/);
    assertSameTree(`${folder}/src/tree`, `${to}/tree`);
    assert.equal(shell(folder, "cmp src/copy out/copy && ls -A out"), "copy\ntree\n");
    const again = await mustEnd(0, bare(keyed), ["decrypt", from, "--to", to]);
    assert.match(again.stdout, /\n\d+ of them were there already\n/);
    assertSameTree(`${folder}/src/tree`, `${to}/tree`);
  }));

Deno.test("without the identity, or with another one, decrypt writes nothing: exit code 12", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    await mustEnd(0, await packJob(keyed, folderJob), ["backup"]);
    const args = ["decrypt", fetched(keyed), "--to", `${folder}/out`];
    const env = { ...keyed.place.env, HOLDFAST_IDENTITY_FILE: "" };
    const place = { ...bare(keyed), env };
    const none = await holdfast(place, args);
    assert.deepEqual([none.code, none.stdout], [12, ""]);
    assert.match(none.stderr, /^error: .*\.age is encrypted, and no identity is given\n/);
    await newIdentity(place, `${folder}/other.txt`);
    const other = await holdfast(place, [...args, "--identity", `${folder}/other.txt`]);
    assert.deepEqual([other.code, other.stdout], [12, ""]);
    assert.match(other.stderr, /^error: .*\.age is sealed for other keys than the given\n/);
    const missing = await holdfast(place, [...args, "--identity", `${folder}/nothing.txt`]);
    assert.equal(missing.code, 12);
    assert.throws(() => Deno.statSync(`${folder}/out`), Deno.errors.NotFound);
    await mustEnd(0, place, [...args, "--identity", keyed.identity]);
  }));

Deno.test("a damaged pack is named with what it had, and the others come back: exit code 5", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    const place = await packJob(keyed, folderJob);
    for (const name of ["first", "second"]) {
      shell(folder, `head -c 3000000 /dev/urandom > src/${name}; echo ${name} > src/${name}.txt`);
      await settle();
      await mustEnd(0, place, ["backup"]);
    }
    const from = fetched(keyed);
    const [pack] = filesEnding(from, ".tar.zst.age");
    shell(from, `truncate -s 1000000 '${pack}'`);
    const args = ["decrypt", from, "--to", `${folder}/out`];
    const { code, records } = await holdfastJson(bare(keyed), args);
    assert.equal(code, 5);
    const errors = records.filter(({ record }) => record === "entry-error");
    const name = pack.slice(from.length + 1);
    assert.equal(errors[0].path, name);
    const lost = errors.filter(({ reason }) => reason.startsWith(`${name} is damaged: `));
    const summary = records.find(({ record }) => record === "summary")!;
    assert.deepEqual([summary.command, summary.job, summary.exit], ["decrypt", null, 5]);
    const { packs, damaged, failed, entries } = summary.totals;
    assert.deepEqual([packs, damaged, failed, entries], [2, 1, lost.length, 4 - lost.length]);
    assert.ok(lost.length >= 1 && lost.length <= 2);
    for (const { path } of lost) {
      assert.throws(() => Deno.statSync(`${folder}/out/${path}`), Deno.errors.NotFound);
    }
    Deno.removeSync(pack);
    const { stderr } = await mustEnd(0, bare(keyed), args);
    assert.match(stderr, /^note: there are indexes of a pack that is not here: /);
  }));

Deno.test("decrypt --dry-run lists what is in the packs, and writes nothing", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    await mustEnd(0, await packJob(keyed, folderJob), ["backup"]);
    const from = fetched(keyed);
    const [pack] = filesEnding(from, ".tar.zst.age");
    const args = ["decrypt", pack, "--to", `${folder}/out`, "--dry-run"];
    const { stdout } = await mustEnd(0, bare(keyed), args);
    const [head, ...lines] = stdout.trimEnd().split("\n");
    assert.equal(head, `${pack.split("/").at(-1)}:`);
    assert.ok(lines.some((line) => /^lrwxrwxrwx .* link -> docs\/one\.txt$/.test(line)), stdout);
    assert.ok(lines.some((line) => /^-rw.* 200,000 .* pictures\/large\.jpg$/.test(line)), stdout);
    const { records } = await holdfastJson(bare(keyed), args);
    const members = records.filter(({ record }) => record === "member");
    assert.equal(members.length, lines.length);
    const one = members.find(({ path }) => path === "docs/one.txt")!;
    const digest = shell(folder, "sha256sum < src/docs/one.txt").split(" ")[0];
    assert.deepEqual([one.type, one.size, one.sha256, one.here], ["file", 4, digest, true]);
    assert.throws(() => Deno.statSync(`${folder}/out`), Deno.errors.NotFound);
  }));

Deno.test("decrypt refuses a target among the packs, and folders without any", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    await mustEnd(0, await packJob(keyed, folderJob), ["backup"]);
    const from = fetched(keyed);
    shell(folder, "ln -s fetched way; mkdir empty");
    for (const to of [from, `${from}/out`, `${folder}/way/out`]) {
      const { code, said } = await holdfast(bare(keyed), ["decrypt", from, "--to", to]);
      assert.deepEqual([code, /where the packs are/.test(said)], [2, true], said);
    }
    const named = `${folder}/out`;
    for (const wrong of [`${folder}/empty`, `${folder}/nothing`, keyed.identity]) {
      assert.equal((await holdfast(bare(keyed), ["decrypt", wrong, "--to", named])).code, 2);
    }
    assert.throws(() => Deno.statSync(named), Deno.errors.NotFound);
    assert.deepEqual(shell(from, "ls | grep -c out || true"), "0\n");
  }));

for (const signal of ["SIGINT", "SIGKILL"] as const) {
  Deno.test(`after ${signal} nothing unfinished is left once decrypt has run again`, () =>
    withKeyedPlace(async (keyed) => {
      const { folder } = keyed.place;
      shell(
        folder,
        `for d in $(seq 20); do mkdir src/$d; for f in $(seq 100); do echo $d $f > src/$d/$f; done
         done; head -c 20000000 /dev/urandom > src/large`,
      );
      await mustEnd(0, await packJob(keyed, folderJob), ["backup"]);
      const args = ["decrypt", fetched(keyed), "--to", `${folder}/out`];
      const { code, stderr } = await cutInTheMiddle(keyed, args, signal);
      const left = () => shell(folder, "find out -name '.holdfast-*' | wc -l").trim();
      if (signal === "SIGINT") {
        assert.equal(code, 130, stderr);
        assert.equal(left(), "0");
      }
      await mustEnd(0, bare(keyed), args);
      assert.equal(shell(folder, "diff -r src out"), "");
      assert.equal(left(), "0");
    }));
}

/** Sends the signal between the first file and the last; a run that was quicker is begun anew. */
async function cutInTheMiddle(
  keyed: KeyedPlace,
  args: readonly string[],
  signal: "SIGINT" | "SIGKILL",
): Promise<Ended> {
  const out = `${keyed.place.folder}/out`;
  for (let tried = 1; tried <= 10; tried++) {
    const child = await startHoldfast(bare(keyed), args);
    const ending = endOf(child);
    let ended = false;
    ending.finally(() => ended = true);
    while (!ended && !isThere(`${out}/1/1`)) await new Promise((next) => setTimeout(next, 1));
    if (!ended) child.kill(signal);
    const result = await ending;
    if (result.code !== 0 && !isThere(`${out}/large`)) return result;
    shell(keyed.place.folder, "rm -rf out");
  }
  throw new Error("no run was cut in the middle");
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
