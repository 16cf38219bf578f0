import assert from "node:assert/strict";
import { type Disk, localDisk } from "../../../src/stores/folder/disk.ts";
import { bytesOf } from "../store_probes.ts";
import { openAt, withFolder } from "./opened_folder.ts";

/** Records the calls, with the places as words. */
function recordingDisk(calls: string[]): Disk {
  const place = (path: string) =>
    path.replace(/.*\.holdfast-store\//, "").replace(/versions\/[^/]+/, "batch")
      .replace(/pending\/.*?(\.\w+)?$/, "mark$1");
  return {
    ...localDisk,
    create: async (path) => {
      const file = await localDisk.create(path);
      return { ...file, sync: () => (calls.push(`sync ${place(path)}`), file.sync()) };
    },
    link: (from, to) => (calls.push(`link ${place(to)}`), localDisk.link(from, to)),
    rename: (from, to) => (calls.push(`rename ${place(to)}`), localDisk.rename(from, to)),
    syncFolder: async (path) => {
      await localDisk.syncFolder(path);
      calls.push(`sync ${place(path)}`);
    },
  };
}

Deno.test("data, record and their folder are durable before the pointer, and it before the answer", async () => {
  await withFolder(async (root) => {
    const calls: string[] = [];
    const store = openAt(root, { create: true, disk: recordingDisk(calls) });
    await store.put("a/b", bytesOf("first"), {});
    calls.length = 0;
    await store.put("a/b", bytesOf("second"), {});
    const at = (call: string) => {
      const found = calls.findIndex((each) => each === call);
      assert.ok(found >= 0, `${call} is not in ${calls.join(", ")}`);
      return found;
    };
    const pointer = at("rename current/a+/b=");
    // The data file was created under its mark: the same inode.
    for (const call of ["sync mark", "sync batch/001.json", "sync batch"]) {
      assert.ok(at(call) < pointer, `${call} comes first in ${calls.join(", ")}`);
    }
    assert.ok(at("link batch/001.data") < at("sync batch"));
    assert.ok(pointer < at("sync current/a+"));
    assert.ok(at("sync current/a+") < at(`rename ${root}/a/b`));
    store.close();
  });
});

Deno.test("puts side by side in one folder share its fsyncs", async () => {
  await withFolder(async (root) => {
    const calls: string[] = [];
    const store = openAt(root, { create: true, disk: recordingDisk(calls) });
    await store.put("a/first", bytesOf("x"), {});
    calls.length = 0;
    await Promise.all(Array.from({ length: 64 }, (_, i) => store.put(`a/${i}`, bytesOf("x"), {})));
    const syncs = calls.filter((call) => call === "sync batch").length;
    assert.ok(syncs >= 1 && syncs < 64, `${syncs} fsyncs of the versions' folder for 64 puts`);
    store.close();
  });
});

Deno.test("a restore request is durable before it counts, and its name before the answer", async () => {
  await withFolder(async (root) => {
    const calls: string[] = [];
    const store = openAt(root, { create: true, disk: recordingDisk(calls), warmUp: 1_000 });
    await store.put("k", bytesOf("x"), { storageClass: "GLACIER" });
    calls.length = 0;
    await store.requestRestore({ key: "k" }, { tier: "Bulk", days: 1 });
    assert.deepEqual(calls, ["sync mark.restore", "link batch/000.restore1", "sync batch"]);
    store.close();
  });
});
