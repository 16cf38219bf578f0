/** Restores from moto, whose restored copies take so many looks by HEAD; its LIST tells nothing of them. */
import assert from "node:assert/strict";
import { startMoto } from "../servers/moto.ts";
import { assertSameTree } from "./compare.ts";
import { eventsOf, holdfastJson, mustEnd } from "./holdfast.ts";
import { makeSmallTree, s3Job, withPlace } from "./place.ts";

/** HEADs that say "ongoing" are half of `times` (reference: moto's restore). */
async function warmUpSlowly(endpoint: string, times: number): Promise<void> {
  const transition = { progression: "manual", times };
  const response = await fetch(`${endpoint}/moto-api/state-manager/set-transition`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model_name: "s3::keyrestore", transition }),
  });
  await response.body?.cancel();
  assert.equal(response.status, 201);
}

Deno.test("on moto a restore asks once, waits, and ends with an equal tree", () =>
  withPlace(async (empty) => {
    const server = await startMoto();
    if (server === undefined) return console.log("skipped: there is no moto");
    try {
      await server.createBucket("cold");
      const place = await s3Job(empty, server, "cold", {
        init: ["--storage-class", "DEEP_ARCHIVE"],
        config: ["min_archive_size = 0"],
      });
      makeSmallTree(`${place.folder}/src`);
      await mustEnd(0, place, ["backup"]);
      await warmUpSlowly(server.endpoint, 4);
      const to = `${place.folder}/out`;
      await mustEnd(13, place, ["restore", "--to", to, "--yes"]);
      const [listed] = (await holdfastJson(place, ["restores"])).records;
      assert.deepEqual([listed.cold, listed.warming + listed.warm], [0, 3]);
      for (let i = 0; i < 4; i++) {
        const { code } = await holdfastJson(place, ["restores", "resume", "1"]);
        if (code === 0) break;
        assert.equal(code, 13);
      }
      assertSameTree(`${place.folder}/src`, to);
      const planned = await eventsOf(place, "WarmUpPlanned");
      assert.deepEqual(planned.map(({ data }) => data.objects.length), [3]);
      const requested = await eventsOf(place, "WarmUpRequested");
      assert.deepEqual(requested.map(({ data }) => data.others), [undefined]);
      assert.equal((await eventsOf(place, "ObjectWarm")).length, 1);
      await mustEnd(0, place, ["log", "verify"]);
    } finally {
      await server.stop();
    }
  }));
