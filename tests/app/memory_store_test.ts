/** The store that the use cases are tested with means by copies and deletions what real ones do. */
import { registerCopyDeleteCases } from "../stores/conformance_copy_delete.ts";
import { memoryStore } from "./memory_store.ts";

for (const versions of [true, false]) {
  registerCopyDeleteCases((sentence, check) => {
    Deno.test(`memory ${versions ? "with" : "without"} versions: ${sentence}`, () =>
      check(memoryStore({ versions, now: Date.now }), {
        versions,
        oddKeys: true,
        nestedKeys: true,
        fullObjectCrc: true,
        partCrc: true,
        conditionalPut: true,
        storageClass: "DEEP_ARCHIVE",
        uploadPrefix: true,
      }));
  });
}
