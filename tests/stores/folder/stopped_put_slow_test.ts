import assert from "node:assert/strict";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import { bytesOf, content, crcOf, inParallel, listKeys, read } from "../store_probes.ts";
import { stoppingDisk } from "./failing_disk.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { assertSwept } from "./store_inspection.ts";

/** No process has this id: pid_max is at most 2^22. */
const DEAD_PID = 2 ** 30;

/** What was acknowledged, and what may be there because its put had begun. */
interface Ledger {
  readonly acknowledged: Map<string, Uint8Array>;
  readonly begun: Map<string, Uint8Array[]>;
}

async function put(store: ObjectStore, ledger: Ledger, key: string, body: Uint8Array, how = "put") {
  ledger.begun.set(key, [...(ledger.begun.get(key) ?? []), body]);
  if (how === "put") await store.put(key, body, {});
  else {
    const id = await store.createUpload(key, {});
    const part = await store.uploadPart(key, id, 1, body);
    await store.completeUpload(key, id, [part], { crc32: crcOf(body), size: body.length });
  }
  ledger.acknowledged.set(key, body);
}

async function oneAfterTheOther(store: ObjectStore, ledger: Ledger): Promise<void> {
  await put(store, ledger, ".holdfast/repository.json", bytesOf("{}"));
  await put(store, ledger, "photos/a", content(5_000, 1));
  await put(store, ledger, "photos/a", content(6_000, 2));
  await store.put("photos/a", bytesOf("late"), { ifNoneMatch: true }).catch(() => {});
  await put(store, ledger, "photos/a", content(10, 3));
  await put(store, ledger, "../odd//key", content(3_000, 4));
  await put(store, ledger, "../odd//key", content(2_000, 5));
  await put(store, ledger, "photos/", new Uint8Array(0));
  await put(store, ledger, "upload", content(9_000, 6), "upload");
}

async function sideBySide(store: ObjectStore, ledger: Ledger): Promise<void> {
  await put(store, ledger, "base", content(100, 7));
  const keys = ["a", "b", "c/d", "c/e", "a/b", "base"];
  await inParallel(keys, 6, (key) => put(store, ledger, key, content(4_096, key.length)));
}

for (
  const [name, history] of [
    ["one after the other", oneAfterTheOther],
    ["side by side", sideBySide],
  ] as const
) {
  Deno.test(`a process stopped at any call loses nothing that it acknowledged, puts ${name}`, async () => {
    const whole = stoppingDisk(Infinity);
    await withFolder(async (root) => {
      const ledger: Ledger = { acknowledged: new Map(), begun: new Map() };
      await history(openAt(root, { create: true, disk: whole.disk }), ledger);
      for (const [key, body] of ledger.acknowledged) {
        assert.deepEqual(await read(openAt(root), key), body);
      }
    });
    assert.ok(whole.calls() > 50);
    for (let at = 1; at <= whole.calls(); at++) {
      await withFolder((root) => stopAndCheck(root, history, at));
    }
  });
}

async function stopAndCheck(
  root: string,
  history: (store: ObjectStore, ledger: Ledger) => Promise<void>,
  at: number,
): Promise<void> {
  const ledger: Ledger = { acknowledged: new Map(), begun: new Map() };
  const stopping = stoppingDisk(at);
  const killed = openAt(root, { create: true, disk: stopping.disk, pid: DEAD_PID });
  await Promise.race([history(killed, ledger), stopping.stopped]);
  stopping.release();

  const store = openAt(root, { create: true });
  await checkObjects(store, ledger, at);
  await store.put("after", bytesOf("after"), {});
  await checkObjects(store, ledger, at);
  assertSwept(root);
  for (const [key] of ledger.acknowledged) {
    if (key.endsWith("/") || key.startsWith("..")) continue;
    const plain = await Deno.readFile(`${root}/${key}`).catch(() => undefined);
    // `a` and `a/b` cannot both be plain files.
    if (plain === undefined) assert.ok(key === "a" || key === "a/b", `${key}, stopped at ${at}`);
    else assert.deepEqual(plain, await read(store, key), `plain ${key}, stopped at ${at}`);
  }
  for (const upload of await store.listUploads("")) {
    await store.abortUpload(upload.key, upload.uploadId);
  }
  store.close();
}

/** Acknowledged content is there unless a later put of the key had begun; nothing else is. */
async function checkObjects(store: ObjectStore, ledger: Ledger, at: number): Promise<void> {
  const keys = (await listKeys(store, "")).filter((key) => key !== "after");
  for (const key of ledger.acknowledged.keys()) {
    assert.ok(keys.includes(key), `${key} is lost, stopped at ${at}`);
  }
  for (const key of keys) {
    const body = await read(store, key);
    const begun = ledger.begun.get(key)!;
    const known = ledger.acknowledged.get(key);
    const allowed = known === undefined ? begun : begun.slice(begun.indexOf(known));
    assert.ok(
      allowed.some((each) => each.length === body.length && each.every((b, i) => b === body[i])),
      `${key} is torn or old, stopped at ${at}`,
    );
  }
}
