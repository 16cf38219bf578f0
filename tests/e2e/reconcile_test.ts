/** `reconcile` against real stores, by LIST and by reports of S3 Inventory. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { type Format, madeReport } from "../inventory/inventory_report.ts";
import { freshBucket, type Gateway, onEachStore, withGateway } from "./each_store.ts";
import { holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { folderJob, makeSmallTree, s3Job, settle, withPlace } from "./place.ts";
import { putText } from "./store_look.ts";

async function totals(code: number, place: Place, ...args: string[]) {
  const ended = await holdfastJson(place, ["reconcile", ...args]);
  assert.equal(ended.code, code, ended.said);
  return totalsOf(ended.records);
}

onEachStore(
  (store) => `on ${store} index and store agree after a backup`,
  (_, init) =>
    withPlace(async (base) => {
      makeSmallTree(`${base.folder}/src`);
      const place = await init(base);
      await settle();
      await mustEnd(0, place, ["backup"]);
      const found = await totals(0, place);
      assert.deepEqual([found.missing, found.damaged, found.unknown_objects], [0, 0, 0]);
      await mustEnd(0, place, ["log", "verify"]);
    }),
);

Deno.test("what is lost of a bucket is planned with its price, and healed", () =>
  withGateway((server) =>
    withPlace(async (base) => {
      makeSmallTree(`${base.folder}/src`);
      const bucket = await freshBucket(server);
      const place = await s3Job(base, server, bucket);
      await settle();
      await mustEnd(0, place, ["backup"]);
      await Deno.remove(`${server.folder}/data/${bucket}/docs/one.txt`);
      await putText(server, bucket, "docs/foreign", "by others");
      const planned = await mustEnd(0, place, ["reconcile", "--fix", "--dry-run"]);
      assert.match(planned.stdout, /^1 object is missing, 0 damaged$/m);
      assert.match(planned.stdout, /^plan: store again 1 entry, 4 B\n[^]*price: unknown/m);
      assert.equal((await totals(5, place)).missing, 1, "the dry run has recorded nothing");
      const known = await totals(0, place, "--fix");
      assert.deepEqual([known.missing, known.healed, known.left], [0, 1, 0]);
      const text = await mustEnd(0, place, ["log", "--type", "DifferencesFound"]);
      assert.match(text.stdout, /1 missing, 1 unknown: docs\/foreign …|1 missing: docs\/one\.txt/);
      await mustEnd(2, place, ["reconcile", "--delete-unknown"]);
      const kept = await mustEnd(0, place, ["reconcile", "--delete-unknown", "--dry-run"]);
      assert.match(kept.stdout, /^plan: delete 1 unknown object, 9 B:\n {2}docs\/foreign$/m);
      const gone = await totals(0, place, "--delete-unknown", "--yes");
      assert.deepEqual([gone.unknown_objects, gone.deleted], [1, 1]);
      assert.equal((await totals(0, place)).unknown_objects, 0);
      const history = await mustEnd(0, place, ["history", "docs/one.txt"]);
      assert.match(history.stdout, /missing/);
      await mustEnd(0, place, ["check", "--read-data"]);
      await mustEnd(0, place, ["log", "verify"]);
    })
  ));

Deno.test("a report of S3 Inventory is for buckets, and a missing one is a usage error", () =>
  withPlace(async (base) => {
    const place = await folderJob(base);
    const ended = await mustEnd(2, place, ["reconcile", "--inventory", "manifest.json"]);
    assert.match(ended.said, /--inventory is for buckets/);
  }));

/** The report of all that is in the bucket, with one row of another prefix. */
async function writeReport(
  place: Place,
  { bucket, prefix, format }: { bucket: string; prefix: string; format: Format },
) {
  const { records } = await holdfastJson(place, ["ls", "--remote"]);
  const objects = records.filter(({ record }) => record === "object").map((object) => ({
    ...{ key: `${prefix}/${object.key}`, size: object.size, etag: object.etag },
    storageClass: object.storage_class,
  }));
  const other = { key: "elsewhere/x", size: 1, etag: "e", storageClass: "STANDARD" };
  // In no order, and in two files.
  const all = [...objects.toReversed(), other];
  const parts = [all.slice(0, 3), all.slice(3)];
  return madeReport(format, { source: bucket, reports: `reports-of-${bucket}` }, parts);
}

function put(folder: string, path: string, body: Uint8Array | string): void {
  Deno.mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  Deno.writeFileSync(`${folder}/${path}`, bytes);
}

async function inventoriedJob(base: Place, server: Gateway) {
  makeSmallTree(`${base.folder}/src`);
  Deno.writeTextFileSync(`${base.folder}/src/a b+c %41é`, "odd");
  const bucket = await freshBucket(server);
  const place = await s3Job(base, server, `${bucket}/pre`);
  await settle();
  await mustEnd(0, place, ["backup"]);
  return { place, bucket };
}

for (const format of ["CSV", "Parquet"] as Format[]) {
  Deno.test(`a report in ${format} is gone by, here and in its bucket`, () =>
    withGateway((server) =>
      withPlace(async (base) => {
        const { place, bucket } = await inventoriedJob(base, server);
        await putText(server, bucket, "pre/foreign", "by others");
        const report = await writeReport(place, { bucket, prefix: "pre", format });
        // Lost since, and stored since: of both the store itself has the last word.
        await Deno.remove(`${server.folder}/data/${bucket}/pre/docs/one.txt`);
        Deno.writeTextFileSync(`${base.folder}/src/later`, "later");
        await settle();
        await mustEnd(0, place, ["backup"]);
        const local = `${base.folder}/report`;
        put(local, "2026/manifest.json", report.manifest);
        for (const [key, body] of report.files) put(local, key.replace("daily/", ""), body);
        const manifest = `${local}/2026/manifest.json`;
        const lines = await mustEnd(0, place, ["reconcile", "--inventory", manifest, "--dry-run"]);
        assert.match(lines.stdout, /nothing is missing or damaged/, "an old report has it still");
        const found = await totals(0, place, "--inventory", manifest);
        assert.deepEqual([found.by, found.missing, found.unknown_objects], ["inventory", 0, 1]);
        assert.equal((await totals(5, place)).missing, 1, "the LIST has not");
        const reports = `reports-of-${bucket}`;
        await server.createBucket(reports, {});
        put(`${server.folder}/data/${reports}`, "daily/2026/manifest.json", report.manifest);
        for (const [key, body] of report.files) put(`${server.folder}/data/${reports}`, key, body);
        const url = `s3://${reports}/daily/2026/manifest.json`;
        const there = await totals(0, place, "--inventory", url, "--fix");
        // The old report still has what the entry lacks.
        assert.deepEqual([there.seen, there.healed, there.unknown_objects], [found.seen, 1, 2]);
        await mustEnd(0, place, ["check"]);
        put(local, "2026/manifest.checksum", "0".repeat(32));
        const damaged = await mustEnd(5, place, ["reconcile", "--inventory", manifest]);
        assert.match(damaged.said, /manifest\.checksum/);
      })
    ));
}
