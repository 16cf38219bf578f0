import { conformance } from "../conformance.ts";
import type { ArchiveHolds } from "../conformance_archive.ts";
import { localDisk } from "../../../src/stores/folder/disk.ts";
import { openAt } from "./opened_folder.ts";
import { setSimulatedClock } from "./simulated_clock.ts";

const holds = {
  versions: true,
  oddKeys: true,
  nestedKeys: true,
  fullObjectCrc: true,
  partCrc: true,
  conditionalPut: true,
  storageClass: "DEEP_ARCHIVE",
  uploadPrefix: true,
};

const withoutLinks = {
  ...localDisk,
  link: () => Promise.reject(Object.assign(new Error("no hard links"), { code: "EPERM" })),
};

/** A Bulk request ends after an hour of the simulated clock. */
const warmUp = 30 * 60_000;

function archiveAt(root: string): ArchiveHolds {
  return {
    warm: () => Promise.resolve(setSimulatedClock(root, "+61min")),
    expire: () => Promise.resolve(setSimulatedClock(root, "+9d")),
    saysUnderWay: true,
    refusesBadRequests: true,
    listsStatus: true,
    restoresVersions: true,
  };
}

for (
  const [name, disk, simulates] of [
    ["folder store", localDisk, false],
    ["without hard links", withoutLinks, false],
    ["simulated archive", localDisk, true],
    ["simulated archive without hard links", withoutLinks, true],
  ] as const
) {
  conformance(name, async () => {
    const root = await Deno.makeTempDir({ prefix: "holdfast-store-" });
    const store = openAt(root, { create: true, disk, ...(simulates ? { warmUp } : {}) });
    return {
      store,
      holds: simulates ? { ...holds, archive: archiveAt(root) } : holds,
      close: async () => {
        store.close();
        await Deno.remove(root, { recursive: true });
      },
    };
  }, { archiveOnly: simulates });
}
