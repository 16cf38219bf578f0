import { conformance } from "../conformance.ts";
import { localDisk } from "../../../src/stores/folder/disk.ts";
import { openAt } from "./opened_folder.ts";

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

for (
  const [name, disk] of [["folder store", localDisk], ["without hard links", withoutLinks]] as const
) {
  conformance(name, async () => {
    const root = await Deno.makeTempDir({ prefix: "holdfast-store-" });
    const store = openAt(root, { create: true, disk });
    return {
      store,
      holds,
      close: async () => {
        store.close();
        await Deno.remove(root, { recursive: true });
      },
    };
  });
}
