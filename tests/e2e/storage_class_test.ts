/** Storage classes that a store keeps, and one that it silently does not. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { freshBucket, withGateway, withMoto } from "./each_store.ts";
import { eventsOf, holdfast, mustEnd, type Place } from "./holdfast.ts";
import { initJob, s3Repository, withPlace, withServer } from "./place.ts";
import { storageClassOf } from "./store_look.ts";
import { addConfig } from "./place.ts";

function makeFiles({ folder }: Place): void {
  shell(`${folder}/src`, "head -c 300K /dev/urandom > large; echo small > small; mkdir folder");
}

Deno.test("a class that the store silently changes stops the run and names storage_class", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeFiles(empty);
      const place = withServer(empty, server);
      await initJob(place, s3Repository(server, await freshBucket(server)));
      addConfig(place, ['storage_class = "DEEP_ARCHIVE"']);
      const ended = await holdfast(place, ["backup"]);
      assert.equal(ended.code, 1, ended.said);
      assert.match(ended.stderr, /stored large as STANDARD, not as DEEP_ARCHIVE/);
      assert.match(ended.stderr, /hint: set storage_class to a class that this store has/);
    })
  ));

Deno.test("init says so where the store does not keep the class that is asked for", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeFiles(empty);
      const place = withServer(empty, server);
      const repository = s3Repository(server, await freshBucket(server));
      const source = ["--source", `${empty.folder}/src`, "--repository", ...repository];
      const args = ["--job", "e2e", "init", ...source, "--storage-class", "DEEP_ARCHIVE"];
      const ended = await holdfast(place, args);
      assert.match(ended.said, /DEEP_ARCHIVE/);
      assert.match(ended.said, /storage_class|STANDARD/);
    })
  ));

Deno.test("on moto large files are kept in DEEP_ARCHIVE, small ones and markers in STANDARD", () =>
  withMoto((server) =>
    withPlace(async (empty) => {
      makeFiles(empty);
      const place = withServer(empty, server);
      const bucket = await freshBucket(server);
      const repository = [...s3Repository(server, bucket), "--storage-class", "DEEP_ARCHIVE"];
      await initJob(place, repository);
      await mustEnd(0, place, ["backup"]);
      assert.equal(await storageClassOf(server, bucket, "large"), "DEEP_ARCHIVE");
      for (const key of ["small", "folder/", ".holdfast/repository.json"]) {
        assert.equal(await storageClassOf(server, bucket, key), "STANDARD");
      }
    })
  ));

Deno.test("packs are kept in DEEP_ARCHIVE, and a restore asks before it warms them up", () =>
  withMoto((server) =>
    withPlace(async (empty) => {
      makeFiles(empty);
      const place = withServer(empty, server);
      const bucket = await freshBucket(server);
      const source = ["--source", `${empty.folder}/src`];
      const where = ["--repository", ...s3Repository(server, bucket)];
      const how = ["--layout", "pack", "--encryption", "none", "--storage-class", "DEEP_ARCHIVE"];
      const init = await mustEnd(0, place, ["--job", "e2e", "init", ...source, ...where, ...how]);
      assert.doesNotMatch(init.said, /versions/, "packs are never overwritten");
      assert.doesNotMatch((await mustEnd(0, place, ["status"])).said, /versions/);
      await mustEnd(0, place, ["backup"]);
      const [stored] = await eventsOf(place, "PackStored");
      assert.equal(await storageClassOf(server, bucket, stored.data.key), "DEEP_ARCHIVE");
      const to = ["--to", `${empty.folder}/back`];
      const asked = await mustEnd(2, place, ["restore", ...to]);
      assert.match(asked.said, /archived and cold: 1 object/);
      assert.match(asked.said, /this needs a confirmation/);
      const restored = await mustEnd(13, place, ["restore", ...to, "--yes"]);
      assert.match(restored.said, /archived and cold: 1 object/);
      assert.equal((await eventsOf(place, "WarmUpPlanned")).length, 1);
    })
  ));
