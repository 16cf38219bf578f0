import assert from "node:assert/strict";
import { putManifest } from "../../src/app/batch_manifest.ts";
import type { BatchJobs } from "../../src/ports/batch_jobs.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import { ROLE } from "./fake_batch_jobs.ts";

/** A store that keeps what is put, and says how. */
function keepingStore() {
  const put: { way: string; key: string; text: string; blocks: number }[] = [];
  const store: Partial<ObjectStore> = {
    put(key, body) {
      put.push({ way: "put", key, text: new TextDecoder().decode(body), blocks: 1 });
      return Promise.resolve({ etag: "whole" });
    },
    async putStream(key, body) {
      const kept = { way: "stream", key, text: "", blocks: 0 };
      for await (const block of body) {
        kept.text += new TextDecoder().decode(block);
        kept.blocks++;
      }
      put.push(kept);
      return { etag: "parts-3", versionId: "v1" };
    },
  };
  return { put, store: store as ObjectStore };
}

const batch = { place: { role: ROLE, bucket: "b", keyPrefix: "p/" } } as unknown as BatchJobs;

Deno.test("a small manifest is one PUT", async () => {
  const { put, store } = keepingStore();
  const objects = [{ key: "a b", version: "" }, { key: "c", version: "" }];
  assert.deepEqual(await putManifest({ store, batch }, "t", objects), {
    ...{ key: ".holdfast/batch/t/manifest.csv", etag: "whole", objects: 2, versions: false },
  });
  assert.deepEqual(put, [{
    ...{ way: "put", key: ".holdfast/batch/t/manifest.csv", blocks: 1 },
    text: "b,p/a%20b\nb,p/c\n",
  }]);
});

Deno.test("a large manifest is streamed block by block, and never whole in memory", async () => {
  const { put, store } = keepingStore();
  const key = "k".repeat(190);
  const count = 100_000;
  let ahead = 0;
  function* objects() {
    for (let i = 0; i < count; i++) {
      ahead = i;
      yield { key: `${key}${i}`, version: `v${i}` };
    }
  }
  const manifest = await putManifest({ store, batch }, "t", objects());
  assert.deepEqual([manifest.objects, manifest.versions, manifest.etag, manifest.version], [
    ...[count, true, "parts-3", "v1"],
  ]);
  const [{ way, text, blocks }] = put;
  assert.deepEqual([way, blocks, ahead], ["stream", 3, count - 1]);
  const lines = text.split("\n");
  assert.equal(lines.length, count + 1);
  assert.equal(lines[77_777], `b,p/${key}77777,v77777`);
});
