import assert from "node:assert/strict";
import { batchNeeds } from "../../../src/core/batch/batch_needs.ts";

const deep = { storageClass: "DEEP_ARCHIVE", objects: 10, versioned: 10 };
const glacier = { storageClass: "GLACIER", objects: 5, versioned: 0 };
const tiering = { storageClass: "INTELLIGENT_TIERING", archive: "ARCHIVE_ACCESS" as const };

Deno.test("objects share a job by tier, by whether copies have days, and by how they are named", () => {
  assert.deepEqual(batchNeeds([], "Bulk"), { jobs: 0, objects: 0 });
  assert.deepEqual(batchNeeds([deep], "Bulk"), { jobs: 1, objects: 10 });
  assert.deepEqual(batchNeeds([{ ...deep, versioned: 4 }], "Bulk"), { jobs: 2, objects: 10 });
  const both = [deep, { ...glacier, versioned: 5 }];
  assert.deepEqual(batchNeeds(both, "Standard"), { jobs: 1, objects: 15 });
  const all = [deep, glacier, { ...tiering, objects: 1, versioned: 1 }];
  assert.deepEqual(batchNeeds(all, "Bulk"), { jobs: 3, objects: 16 });
});

Deno.test("what is asked for at Expedited is in no job, and neither is what needs no warm-up", () => {
  assert.deepEqual(batchNeeds([deep, glacier], "Expedited"), { jobs: 1, objects: 10 });
  const standard = { storageClass: "STANDARD", objects: 7, versioned: 7 };
  assert.deepEqual(batchNeeds([standard, { ...glacier, objects: 0 }], "Bulk"), {
    ...{ jobs: 0, objects: 0 },
  });
});
