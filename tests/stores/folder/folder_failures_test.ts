import assert from "node:assert/strict";
import {
  bytesOf,
  content,
  crcOf,
  failsWith,
  listKeys,
  read,
  readStream,
  streamOf,
} from "../store_probes.ts";
import { fullDisk } from "./failing_disk.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { assertSwept, filesBelow } from "./store_inspection.ts";

const dataOf = (root: string) =>
  filesBelow(`${root}/.holdfast-store/versions`).filter((path) => path.endsWith(".data"));

async function overwrite(path: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const changed = change(await Deno.readFile(path));
  await Deno.chmod(path, 0o600);
  await Deno.writeFile(path, changed);
}

Deno.test("opening where there is no store fails with no-repository and makes nothing", async () => {
  await withFolder(async (root) => {
    for (const path of [root, `${root}/unmounted`]) {
      assert.throws(() => openAt(path), { kind: "no-repository", hint: /mounted/ });
    }
    const store = openAt(`${root}/a/new`, { create: true });
    assert.equal(await store.head("k"), undefined);
    assert.deepEqual(await listKeys(store, ""), []);
    assert.deepEqual(await store.listUploads(""), []);
    assert.deepEqual([...Deno.readDirSync(root)], []);
    await store.put("k", bytesOf("x"), {});
    assert.deepEqual(await read(openAt(`${root}/a/new`), "k"), bytesOf("x"));
    store.close();
  });
});

Deno.test("a store whose disk goes away fails and writes nothing in its place", async () => {
  await withFolder(async (root) => {
    const store = openAt(`${root}/disk`, { create: true });
    await store.put("k", bytesOf("x"), {});
    Deno.renameSync(`${root}/disk`, `${root}/elsewhere`);
    Deno.mkdirSync(`${root}/disk`);
    await failsWith(store.put("k", bytesOf("y"), {}), "gone");
    await failsWith(store.get("k"), "gone");
    await failsWith(store.head("k"), "gone");
    await failsWith(listKeys(store, ""), "gone");
    await failsWith(store.listUploads(""), "gone");
    assert.deepEqual([...Deno.readDirSync(`${root}/disk`)], []);
    store.close();
  });
});

Deno.test("a store of an unknown format or with a damaged format file is not opened", async () => {
  await withFolder((root) => {
    Deno.mkdirSync(`${root}/.holdfast-store`);
    const format = `${root}/.holdfast-store/format.json`;
    Deno.writeTextFileSync(format, '{"format":2}');
    assert.throws(() => openAt(root, { create: true }), { kind: "refused" });
    Deno.writeTextFileSync(format, "not JSON");
    assert.throws(() => openAt(root, { create: true }), { kind: "damage" });
  });
});

Deno.test("altered, cut and missing data are damage", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    await store.put("k", content(700_000, 1), {});
    const [data] = dataOf(root);
    await overwrite(data, (bytes) => (bytes[650_000] ^= 1, bytes));
    await failsWith(readStream((await store.get("k")).stream), "damage");
    const part = await read(store, "k", { range: { offset: 0, length: 100 } });
    assert.deepEqual(part, content(700_000, 1).slice(0, 100), "a range is not summed");
    await overwrite(data, (bytes) => bytes.slice(0, 600_000));
    await failsWith(store.get("k"), "damage");
    Deno.removeSync(data);
    await failsWith(store.get("k"), "damage");
    store.close();
  });
});

Deno.test("an upload or stream that is not what was announced is damage and not visible", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    const announced = { sha256: "0".repeat(64) };
    const body = bytesOf("changed while it was read");
    await failsWith(store.putStream("k", streamOf([body]), announced), "damage");
    const id = await store.createUpload("k", announced);
    const part = await store.uploadPart("k", id, 1, body);
    const sums = { crc32: crcOf(body), size: body.length };
    await failsWith(store.completeUpload("k", id, [part], sums), "damage");
    assert.equal(await store.head("k"), undefined);
    await store.abortUpload("k", id);
    store.close();
  });
});

Deno.test("an altered version record is damage in head, get and list", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    await store.put("k", bytesOf("x"), { metadata: { holdfast: "abc" } });
    const record = dataOf(root)[0].replace(".data", ".json");
    await overwrite(record, (bytes) => bytes.map((byte, i) => i === 30 ? byte ^ 1 : byte));
    await failsWith(store.head("k"), "damage");
    await failsWith(store.get("k"), "damage");
    await failsWith(listKeys(store, ""), "damage");
    store.close();
  });
});

Deno.test("a full disk is disk-full at every call, and leaves whole objects only", async () => {
  console.log("stand-in for a full disk: calls that fail with ENOSPC");
  for (let at = 1; at <= 14; at++) {
    await withFolder(async (root) => {
      const first = openAt(root, { create: true });
      await first.put("k", bytesOf("before"), {});
      first.close();
      const store = openAt(root, { disk: fullDisk(at) });
      try {
        await store.put("k", content(3_000, at), {});
        assert.deepEqual(await read(store, "k"), content(3_000, at));
      } catch (error) {
        assert.equal((error as { kind?: string }).kind, "disk-full", String(error));
        assert.deepEqual(await read(store, "k"), bytesOf("before"));
        assertSwept(root);
      }
      store.close();
    });
  }
});

Deno.test("a put that another host left is swept after a day, not before", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    await store.put("k", bytesOf("x"), {});
    store.close();
    const folder = `${root}/.holdfast-store/pending/elsewhere~77~abc`;
    const marker = `${folder}/000000000-000000000000-000`;
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(marker, "half of an obj");
    const next = openAt(root);
    await next.put("k", bytesOf("y"), {});
    assert.ok(Deno.statSync(marker).isFile);
    next.close();
    const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
    Deno.utimeSync(marker, old, old);
    const later = openAt(root);
    await later.put("k", bytesOf("z"), {});
    assertSwept(root);
    later.close();
  });
});
