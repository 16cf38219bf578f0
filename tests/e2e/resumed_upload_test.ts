/** Multipart uploads that are cut by SIGKILL, and go on in the next process. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import type { S3Server } from "../servers/s3_server.ts";
import type { Versitygw } from "../servers/versitygw.ts";
import { filesBelow } from "../stores/folder/store_inspection.ts";
import { listParts, listUploads } from "./store_look.ts";
import { freshBucket, withGateway, withMoto } from "./each_store.ts";
import { type HeldServer, startHeldServer } from "./held_server.ts";
import {
  endOf,
  eventsOf,
  holdfastJson,
  mustEnd,
  type Place,
  startHoldfast,
  totalsOf,
} from "./holdfast.ts";
import { folderJob, makeSmallTree, s3Job, settle, withPlace } from "./place.ts";

const MIB = 1 << 20;
const PART = 5 * MIB;
const PARTS = 5;
const IN_FLIGHT = 2;
const completion = /^POST \S*\/large\?\S*uploadId=/;
const config = ['part_size = "5 MiB"', `upload_workers = ${IN_FLIGHT}`];

interface Cut {
  readonly place: Place;
  readonly held: HeldServer;
  /** Parts that the store has of the upload that is open. */
  readonly parts: () => Promise<number[]>;
  readonly uploads: () => Promise<string[]>;
  /** Parts that the server itself has counted so far, where it counts. */
  readonly counted: () => Promise<number | undefined>;
}

/** A job whose first backup is done, and a large new file of 24 MiB: five parts. */
async function withLargeFile(
  server: S3Server & Partial<Versitygw>,
  use: (cut: Cut) => Promise<void>,
): Promise<void> {
  const held = startHeldServer(server.endpoint);
  try {
    await withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const bucket = await freshBucket(server, { versioning: true });
      const place = await s3Job(empty, { ...server, endpoint: held.endpoint }, bucket, { config });
      await mustEnd(0, place, ["backup"]);
      shell(`${empty.folder}/src`, "head -c 24M /dev/urandom > large");
      await settle();
      const parts = () => listParts(server, bucket);
      const uploads = () => listUploads(server, bucket);
      const counted = async () => {
        const counts = await server.accessLog?.();
        return counts && (counts.UploadPart ?? 0);
      };
      await use({ place, held, parts, uploads, counted });
    });
  } finally {
    await held.stop();
  }
}

/** Kills a backup when what it is to be killed at has been reached. */
async function killedAt({ place, held }: Cut, reached: Promise<void>): Promise<void> {
  const child = await startHoldfast(place, ["backup"]);
  await reached;
  await held.quiet();
  child.kill("SIGKILL");
  await endOf(child);
  held.drop();
  await settle();
}

/** The run after; returns how many parts it sent. */
async function goOn({ place, held, uploads, counted }: Cut): Promise<number> {
  const before = held.requests.length;
  const countedBefore = await counted();
  const { records } = await holdfastJson(place, ["backup"]);
  const requests = held.requests.slice(before);
  const sent = requests.filter((line) => /^PUT \S+\/large\?\S*partNumber=/.test(line)).length;
  if (countedBefore !== undefined) assert.equal(await counted(), countedBefore + sent);
  const last = 24 * MIB - (PARTS - 1) * PART;
  const { bytes } = totalsOf(records);
  const whole = [sent * PART, Math.max(0, sent - 1) * PART + last];
  assert.ok(whole.includes(bytes), `${bytes} bytes in ${sent} parts`);
  assert.deepEqual(await uploads(), []);
  await mustEnd(0, place, ["log", "verify"]);
  const out = `${place.folder}/out`;
  await mustEnd(0, place, ["restore", "large", "--to", out]);
  shell(place.folder, "cmp src/large out/large && rm -r out");
  return sent;
}

for (const [name, withServer] of [["versitygw", withGateway], ["moto", withMoto]] as const) {
  Deno.test(`an upload to ${name} that SIGKILL cut goes on: only parts in flight are sent again`, () =>
    withServer((server) =>
      withLargeFile(server, async (cut) => {
        await killedAt(cut, cut.held.holdAt(/^PUT \S*\/large\?\S*partNumber=[4-9]/));
        const there = (await cut.parts()).length;
        assert.ok(there >= 4 - IN_FLIGHT && there < 4, `${there} parts are there`);
        const status = await mustEnd(0, cut.place, ["status"]);
        assert.match(status.stdout, /open uploads +1/);

        assert.equal(await goOn(cut), PARTS - there);
        const [{ data }] = await eventsOf(cut.place, "UploadResumed");
        assert.deepEqual([data.parts, data.bytes], [there, `${there * PART}`]);
        assert.equal((await eventsOf(cut.place, "UploadAborted")).length, 0);
      })
    ));

  Deno.test(`an upload to ${name} that SIGKILL cut before its completion sends no part again`, () =>
    withServer((server) =>
      withLargeFile(server, async (cut) => {
        await killedAt(cut, cut.held.holdAt(completion));
        assert.equal((await cut.parts()).length, PARTS);
        assert.equal(await goOn(cut), 0);
      })
    ));

  Deno.test(`an upload to ${name} that was completed, with its answer lost, sends no byte again`, () =>
    withServer((server) =>
      withLargeFile(server, async (cut) => {
        await killedAt(cut, cut.held.holdAnswerTo(completion));
        assert.deepEqual(await cut.uploads(), []);
        const before = cut.held.requests.length;
        assert.equal(await goOn(cut), 0);
        const writes = cut.held.requests.slice(before).filter((line) =>
          !/^(GET|HEAD) /.test(line) && line.includes("/large")
        );
        assert.deepEqual(writes, []);
        assert.equal((await eventsOf(cut.place, "UploadAborted")).length, 0);
        const [stored] = (await eventsOf(cut.place, "ObjectsStored")).slice(-1);
        assert.equal(stored.data.multipart, "large");
      })
    ));

  Deno.test(`an upload to ${name} whose creation was answered to nobody is aborted, and begun anew`, () =>
    withServer((server) =>
      withLargeFile(server, async (cut) => {
        await killedAt(cut, cut.held.holdAnswerTo(/^POST \S*\/large\?\S*uploads/));
        assert.deepEqual(await cut.uploads(), ["large"]);
        assert.equal(await goOn(cut), PARTS);
        assert.equal((await eventsOf(cut.place, "UploadAborted")).length, 1);
      })
    ));
}

Deno.test("uploads lists and aborts what a cut run has left open in versitygw", () =>
  withGateway((server) =>
    withLargeFile(server, async (cut) => {
      const { place, held } = cut;
      await killedAt(cut, held.holdAt(/^PUT \S*\/large\?\S*partNumber=[3-9]/));
      const bytes = (await cut.parts()).length * PART;
      const { records: [upload] } = await holdfastJson(place, ["uploads"]);
      const { record, key, path, known } = upload;
      assert.deepEqual([record, key, path, known], ["upload", "large", "large", true]);
      assert.equal(upload.bytes, bytes);
      const shown = await mustEnd(0, place, ["uploads"]);
      assert.match(shown.stdout, /^ +age .*\n.* 5 MiB|10 MiB +this job +large\n$/);

      const young = await mustEnd(0, place, ["uploads", "--abort", "--older-than", "1h", "--yes"]);
      assert.match(young.stderr, /no upload is open/);
      await mustEnd(0, place, ["--dry-run", "uploads", "--abort"]);
      const unasked = await mustEnd(2, place, ["uploads", "--abort"]);
      assert.match(unasked.stderr, /--yes/);
      assert.deepEqual(await cut.uploads(), ["large"]);

      await mustEnd(0, place, ["uploads", "--abort", "--yes"]);
      assert.deepEqual(await cut.uploads(), []);
      assert.match((await mustEnd(0, place, ["status"])).stdout, /open uploads +0/);
      const [{ data }] = await eventsOf(place, "UploadAborted");
      assert.equal(data.reason, "asked for");
      assert.equal(await goOn(cut), PARTS);
    })
  ));

Deno.test("an upload to a folder store that SIGKILL cut goes on with the parts that are missing", () =>
  withPlace(async (empty) => {
    const size = 200;
    shell(`${empty.folder}/src`, `head -c ${size}M /dev/urandom > large`);
    await settle();
    // So slow that the kill comes in the middle on every machine.
    const place = await folderJob(empty, { config: [...config, 'limit_upload = "50 MB"'] });
    const parts = () =>
      filesBelow(`${place.folder}/store/.holdfast-store/uploads`)
        .filter((file) => /\/\d+-[^/.]*$/.test(file)).length;
    const child = await startHoldfast(place, ["backup"]);
    const ended = endOf(child);
    const wait = () => new Promise((resolve) => setTimeout(resolve, 2, "waited"));
    while (parts() < 4) assert.equal(await Promise.race([ended, wait()]), "waited");
    child.kill("SIGKILL");
    await ended;
    const there = parts();
    assert.ok(there >= 4 && there < size / 5, `${there} parts are there`);

    const { records } = await holdfastJson(place, ["backup"]);
    assert.equal(totalsOf(records).bytes, size * MIB - there * PART);
    const [{ data }] = await eventsOf(place, "UploadResumed");
    assert.equal(data.parts, there);
    assert.equal(parts(), 0);
    await mustEnd(0, place, ["log", "verify"]);
    await mustEnd(0, place, ["restore", "large", "--to", `${place.folder}/out`]);
    shell(place.folder, "cmp src/large out/large");
  }));
