import assert from "node:assert/strict";
import { abortOpenUploads, listOpenUploads } from "../../src/app/list_uploads.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";

const { signal } = new AbortController();
const DAY = 86_400_000;
const options = { partSize: 100, workers: 1 };

/** An upload of this job, cut after two parts, and two that it has not begun. */
async function withUploads(use: (world: World, now: number) => Promise<void>): Promise<void> {
  const now = Date.UTC(2026, 4, 10);
  await inWorld(async (world) => {
    world.write("docs/large", "0123456789".repeat(50));
    world.store.before = (operation, key) => {
      if (operation !== "uploadPart" || world.store.count("uploadPart") <= 2) return;
      throw failure("unreachable", "Timeout", key);
    };
    await failsWith(world.backup(options), "unreachable");
    world.store.before = () => {};
    const other = await world.store.createUpload("other%01", {});
    await world.store.uploadPart("other%01", other, 1, new Uint8Array(7));
    await world.store.createUpload(".holdfast/packs/1", {});
    await use(world, now);
  }, { now: () => now - 3 * DAY });
}

Deno.test("uploads lists what is open in the store: this job's and others', with their parts", () =>
  withUploads(async ({ log, store }) => {
    const listed = await listOpenUploads(log, store, { before: Infinity, signal });
    const shown = listed.map(({ key, path, known, parts, bytes }) => (
      { key, path, known, parts, bytes }
    ));
    assert.deepEqual(shown.sort((a, b) => a.bytes - b.bytes), [
      { key: ".holdfast/packs/1", path: undefined, known: false, parts: 0, bytes: 0 },
      { key: "other%01", path: "other\x01", known: false, parts: 1, bytes: 7 },
      { key: "docs/large", path: "docs/large", known: true, parts: 2, bytes: 200 },
    ]);
  }));

Deno.test("uploads --older-than leaves out what was begun later", () =>
  withUploads(async ({ log, store }, now) => {
    const agesOver = async (days: number) => {
      const before = now - days * DAY;
      return (await listOpenUploads(log, store, { before, signal })).map(({ key }) => key);
    };
    assert.deepEqual((await agesOver(2)).sort(), [".holdfast/packs/1", "other%01"]);
    assert.deepEqual(await agesOver(4), []);
  }));

Deno.test("uploads --abort aborts all of them, and what the log knows becomes an event", () =>
  withUploads(async (world) => {
    const { log, store } = world;
    const listed = await listOpenUploads(log, store, { before: Infinity, signal });
    await abortOpenUploads({ log, run: "44".repeat(16), emit() {}, signal }, store, listed);
    assert.equal(store.uploads.size, 0);
    assert.deepEqual(log.index.uploads(), []);
    const [{ data }, ...more] = world.events("UploadAborted");
    assert.deepEqual([data.key, data.reason, more.length], ["docs/large", "asked for", 0]);
    assert.deepEqual(await listOpenUploads(log, store, { before: Infinity, signal }), []);
    assert.equal((await world.backup(options)).exitCode, 0);
    world.verify();
  }));

Deno.test("an upload whose id the log does not know is this job's by its key", () =>
  inWorld(async (world) => {
    world.write("large", "0123456789".repeat(50));
    world.store.after = (operation, key) => {
      if (operation === "createUpload") throw failure("unreachable", "Timeout", key);
    };
    await failsWith(world.backup(options), "unreachable");
    world.store.after = () => {};
    const { log, store } = world;
    const listed = await listOpenUploads(log, store, { before: Infinity, signal });
    assert.deepEqual(listed.map(({ known, path }) => [known, path]), [[true, "large"]]);
    await abortOpenUploads({ log, run: "44".repeat(16), emit() {}, signal }, store, listed);
    assert.equal(store.uploads.size, 0);
    assert.deepEqual(log.index.uploads(), []);
  }));
