import assert from "node:assert/strict";
import { rebuildLines } from "../../src/report/rebuild_text.ts";

Deno.test("a rebuild from segments alone says so, and that nothing is missing", () => {
  const origins = { segments: { objects: 12, events: 3456 } };
  assert.deepEqual(rebuildLines({ origins, missing: [], unknown: [] }), [
    ...["from 12 log segments: 3,456 events", "missing: nothing", "unknown: nothing"],
  ]);
});

Deno.test("a rebuild says what came from where, and each thing that could not be had back", () => {
  const origins = {
    segments: { objects: 1, events: 1 },
    checkpoint: { position: 400, entries: 1 },
    metadata: { objects: 1001, entries: 1000 },
    packIndexes: { objects: 1, entries: 20 },
    renames: { objects: 2, records: 30, entries: 4 },
  };
  assert.deepEqual(rebuildLines({ origins, missing: ["a", "b"], unknown: ["c"] }), [
    "from the checkpoint at position 400: 1 entry",
    "from 1 log segment: 1 event",
    "from the metadata of 1,001 objects: 1,000 entries",
    "from 1 pack index: 20 entries",
    "from 2 renames objects with 30 records: 4 entries",
    ...["missing (2):", "  a", "  b", "unknown (1):", "  c"],
  ]);
});
