/** `backup --to`, `sync` and `--from`: no config, and a database whose name comes from the URL. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { eventsOf, holdfast, mustEnd, type Place, type RunOptions } from "./holdfast.ts";
import { makeSmallTree, withPlace, withServer } from "./place.ts";

/** Options that the places of other tests always have are left out: there is no config. */
function plain(place: Place, args: readonly string[], options?: RunOptions) {
  return holdfast({ ...place, config: "", state: "" }, args, options);
}

async function must(code: number, place: Place, ...args: string[]) {
  const ended = await plain(place, args);
  assert.equal(ended.code, code, `holdfast ${args.join(" ")}\n${ended.said}`);
  return ended.said;
}

Deno.test("backup --to an empty folder makes the repository, restore --from brings all back", () =>
  withPlace(async (place) => {
    const { folder } = place;
    const url = `file://${folder}/store`;
    makeSmallTree(`${folder}/src`);
    const first = await must(
      0,
      place,
      "backup",
      `${folder}/src`,
      "--to",
      url,
      "--description",
      "x",
    );
    assert.match(first, /note: job store-[0-9a-f]{12}, database /);
    assert.match(first, /there is no repository at file:\S+ yet: making one, as init does/);
    const again = await must(0, place, "sync", `${folder}/src`, url);
    assert.match(again, /0 new or changed[^]*stored 0 objects/);
    assert.ok(!again.includes("making one"));
    await must(0, place, "restore", "--from", url, "--to", `${folder}/back`);
    assertSameTree(`${folder}/src`, `${folder}/back`);
    assert.ok(existsSync(/database (\S+)/.exec(first)![1]));
    const [snapshot] = recordsIn(await must(0, place, "snapshots", "--json", "--from", url));
    assert.equal(snapshot.description, "x");
  }));

Deno.test("another folder, a lost database and a prefix of others are refused, nothing written", () =>
  withPlace(async (place) => {
    const { folder } = place;
    const url = `file://${folder}/store`;
    makeSmallTree(`${folder}/src`);
    shell(folder, "mkdir other; echo x > other/x");
    await must(0, place, "sync", `${folder}/src`, url);
    const keys = async () => await must(0, place, "ls", "--remote", "--from", url);
    const before = await keys();
    assert.match(before, / 4 B +STANDARD +\S+ \S+ {2}docs\/one\.txt\n/);
    const other = await must(4, place, "sync", `${folder}/other`, url);
    assert.match(other, /holds the backup of \S+\/src, not of \S+\/other/);
    shell(folder, "mv home/.local home/away");
    const lost = await must(10, place, "sync", `${folder}/src`, url);
    assert.match(lost, /hint: run `holdfast rebuild --from file:\S+`; nothing was written/);
    assert.ok(!existsSync(`${folder}/home/.local/state/holdfast/store.db`));
    shell(folder, "rm -r home/.local; mv home/away home/.local");
    assert.equal(await keys(), before);
    shell(folder, "mv src moved");
    await must(0, place, "sync", `${folder}/moved`, url, "--accept-deletions");
  }));

Deno.test("several sources lie under their names", () =>
  withPlace(async (place) => {
    const { folder } = place;
    const url = `file://${folder}/store`;
    shell(folder, "mkdir a b; echo 1 > a/x; echo 2 > b/x");
    await must(0, place, "backup", `${folder}/a`, `music=${folder}/b`, "--to", url);
    assert.equal(
      await must(0, place, "ls", "-r", "-q", "--from", url),
      "a/\na/x\nmusic/\nmusic/x\n",
    );
  }));

Deno.test("sync to a bucket: the usual variables, an empty prefix made, another's objects refused", () =>
  withPlace((empty) =>
    withGateway(async (server) => {
      const bucket = await freshBucket(server);
      const place = withServer(empty, server);
      const { folder } = place;
      makeSmallTree(`${folder}/src`);
      const env = { AWS_ENDPOINT_URL_S3: server.endpoint };
      const url = `s3://${bucket}/pictures`;
      const sync = await plain(place, ["sync", `${folder}/src`, url], { env });
      assert.equal(sync.code, 0, sync.said);
      const listed = await plain(place, ["ls", "--remote", "-q", "--from", url, "docs/"], { env });
      assert.match(listed.stdout, /docs\/one\.txt\n/);
      const over = await plain(place, ["sync", `${folder}/src`, `s3://${bucket}`], { env });
      assert.equal(over.code, 10, over.said);
      assert.match(over.said, /is not empty \(pictures\/\S+\) and holds no repository/);
      const back = await plain(place, ["restore", "--from", url, "--to", `${folder}/back`], {
        env,
      });
      assert.equal(back.code, 0, back.said);
      assertSameTree(`${folder}/src`, `${folder}/back`);
    })
  ));

Deno.test("--limit-upload and limit_download hold back what is sent and read", () =>
  withPlace(async (place) => {
    const { folder } = place;
    const url = `file://${folder}/store`;
    shell(folder, "head -c 1600000 /dev/urandom > src/x");
    const took = async (run: Promise<string>) => {
      const started = performance.now();
      await run;
      return performance.now() - started;
    };
    const limit = ["--limit-upload", "400 KB"];
    const slow = await took(must(0, place, "sync", `${folder}/src`, url, ...limit));
    assert.ok(slow > 3800, `1.6 MB at 400 kB/s took ${slow} ms`);
    const to = ["--to", `${folder}/back`, "--limit-download", "none"];
    const fast = await took(must(0, place, "restore", "--from", url, ...to));
    assert.ok(fast < 3800, `without a limit it took ${fast} ms`);
  }));

Deno.test("--description is in the run and in the snapshot of a configured job, too", () =>
  withPlace(async (place) => {
    const { folder } = place;
    const repository = `file://${folder}/store`;
    shell(folder, "echo x > src/x");
    const source = ["--source", `${folder}/src`, "--repository", repository];
    await mustEnd(0, place, ["--job", "e2e", "init", ...source]);
    await mustEnd(0, place, ["backup", "--description", "before the move"]);
    const runs = await eventsOf(place, "RunStarted");
    assert.equal(runs.at(-1)?.data.description, "before the move");
    const [snapshot] = await eventsOf(place, "SnapshotCreated");
    assert.equal(snapshot.data.description, "before the move");
  }));

Deno.test("delete and check --repair --from a pack repository need no config", () =>
  withPlace(async (place) => {
    const { folder } = place;
    const url = `file://${folder}/store`;
    shell(folder, "echo x > src/x; echo y > src/y");
    const how = ["--layout", "pack", "--encryption", "none", "--repository", url];
    await mustEnd(0, place, ["--job", "e2e", "init", "--source", `${folder}/src`, ...how]);
    await mustEnd(0, place, ["backup"]);
    await must(0, place, "takeover", "--yes", "--from", url);
    assert.match(await must(0, place, "check", "--repair", "--from", url), /nothing is missing/);
    await must(4, place, "delete", "x", "--yes", "--from", url);
    const said = await must(0, place, "delete", "x", "--yes", "--force", "--from", url);
    assert.match(said, /deleted 1 pack, .*; 1 entry is not stored any more/);
    await must(3, place, "restore", "--from", url, "--to", `${folder}/back`);
    assert.equal(Deno.readTextFileSync(`${folder}/back/y`), "y\n");
    assert.equal(existsSync(`${folder}/back/x`), false);
  }));

// deno-lint-ignore no-explicit-any -- records are looked into field by field
function recordsIn(said: string): any[] {
  return said.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))
    .filter(({ record }) => record === "snapshot");
}
