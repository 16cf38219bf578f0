/** Paid copies of moved archived objects, and kills between a copy and its place in the log. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { type CountingProxy, startCountingProxy } from "./counting_proxy.ts";
import { freshBucket, withMoto } from "./each_store.ts";
import { endOf, eventsOf, mustEnd, type Place, startHoldfast } from "./holdfast.ts";
import { s3Job, settle, withPlace } from "./place.ts";
import { listVersions, storageClassOf } from "./store_look.ts";

const FILES = 40;

/** A run that is killed when the answer of its nth request has come; false where it ends before that. */
async function killedAt(place: Place, proxy: CountingProxy, at: number): Promise<boolean> {
  const child = await startHoldfast(place, ["backup"]);
  let killed = false;
  proxy.begin({
    ...{ at, loses: "answer" },
    reached() {
      killed = true;
      child.kill("SIGKILL");
    },
  });
  const { code, said } = await endOf(child);
  assert.ok(killed || code === 0, said);
  return killed;
}

Deno.test("a copy into an archive is made once, however often a run is killed before the log has it", () =>
  withMoto((server) =>
    withPlace(async (empty) => {
      const src = `${empty.folder}/src`;
      shell(src, `mkdir films; for i in $(seq ${FILES}); do echo film $i > films/$i; done`);
      await settle();
      const proxy = startCountingProxy(server.endpoint);
      try {
        const bucket = await freshBucket(server, { versioning: true });
        const place = await s3Job(empty, { ...server, endpoint: proxy.endpoint }, bucket, {
          init: ["--storage-class", "DEEP_ARCHIVE"],
          config: ["min_archive_size = 0", 'archived_renames = "copy"'],
        });
        await mustEnd(0, place, ["backup"]);
        shell(src, "mv films movies");
        await mustEnd(0, place, ["backup", "--yes"]);
        let kills = 0;
        // The first copies come some requests after the beginning, the last ones before the end.
        for (let at = 12; await killedAt(place, proxy, at); at += 12) kills++;
        await mustEnd(0, place, ["backup"]);
        const versions = (await listVersions(server, bucket))
          .map((line) => line.split(" ")[0]).filter((key) => /^movies\/\d+$/.test(key));
        const copied = await eventsOf(place, "ObjectCopied");
        const runs = new Set(copied.map(({ run }) => run)).size;
        console.log(`${kills} kills; ${versions.length} copies of ${FILES} files by ${runs} runs`);
        assert.equal(versions.length, FILES, "a copy was made and paid for twice");
        assert.equal(new Set(versions).size, FILES);
        assert.ok(runs > 2, "the kills hit no copies");
        assert.equal(await storageClassOf(server, bucket, "movies/1"), "DEEP_ARCHIVE");
        await mustEnd(0, place, ["log", "verify"]);
      } finally {
        await proxy.stop();
      }
    })
  ));
