import assert from "node:assert/strict";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import {
  countEvent,
  type FateOf,
  noRun,
  priceRun,
  requestsIn,
  type RestoreFate,
} from "../../src/core/cost/price_run.ts";
import type { AnyEvent, EventData, EventType } from "../../src/core/event/event.ts";

const GB = 2 ** 30;
const pricing = { prices: AWS_PRICES, region: "us-east-1", egress: true };

type Told = { [T in EventType]: [type: T, data: EventData[T]] }[EventType];

/** Restore 1, which was planned by the first event. */
const fate: RestoreFate = { position: 1, objects: 5, share: 1 };
const fateOf: FateOf = (job) => job === 1 ? fate : undefined;

function tallied(...events: Told[]) {
  const tally = noRun();
  events.forEach(([type, data], i) => {
    const place = { position: i + 1, at: "2026-11-21T00:00:00.000Z", run: "aa", version: 1 };
    countEvent(tally, { ...place, type, data } as AnyEvent, fateOf);
  });
  return tally;
}

function usd(tally: ReturnType<typeof noRun>, share = 1): number {
  const { total } = priceRun(tally, pricing, () => ({ ...fate, share }));
  return Number(total.usd.toFixed(9));
}

const object = { name: "a", type: "file" as const, etag: "e", prev: 1 };

Deno.test("PUTs, copies and deletes of a run are counted by class", () => {
  const tally = tallied(
    ["ObjectsStored", {
      ...{ source: "", class: "DEEP_ARCHIVE" },
      folders: [{ path: "", objects: [{ ...object, size: "10" }, { ...object, size: "20" }] }],
    }],
    ["ObjectCopied", { source: "", class: "STANDARD", folders: [{ path: "", objects: [object] }] }],
    ["ObjectDeleted", {
      why: "pruned",
      objects: Array.from({ length: 1001 }, () => ({ key: "k", stored: 1 })),
    }],
  );
  assert.equal(requestsIn(tally), 2 + 1 + 2);
  assert.equal(usd(tally), (2 * 0.05 + 0.005) / 1000);
});

Deno.test("a copy above 5 GiB is one in parts, which cost as in Standard", () => {
  const large = { ...object, size: `${6 * GB}` };
  const tally = tallied(["ObjectCopied", {
    ...{ source: "", class: "DEEP_ARCHIVE" },
    folders: [{ path: "", objects: [large] }],
  }]);
  assert.equal(requestsIn(tally), 24 + 2);
  assert.equal(usd(tally), (0.05 + 25 * 0.005) / 1000);
});

Deno.test("an upload in parts costs its parts, by the size that its beginning tells", () => {
  const size = `${100 * 2 ** 20}`;
  const stored: Told = [
    "ObjectsStored",
    {
      ...{ source: "", class: "GLACIER", multipart: "k" },
      folders: [{ path: "", objects: [{ ...object, size }] }],
    },
  ];
  const begun: Told = [
    "UploadStarted",
    { source: "", path: "a", key: "k", size, partSize: 8 * 2 ** 20 },
  ];
  assert.equal(requestsIn(tallied(begun, stored)), 13 + 2);
  assert.equal(requestsIn(tallied(stored)), 7 + 2, "16 MiB where nobody has said so");
  assert.equal(usd(tallied(begun, stored)), (0.03 + 14 * 0.005) / 1000);
});

Deno.test("a pack costs what completes it in its class, its parts and its index in Standard", () => {
  const pack = "ab".repeat(16);
  const part = {
    ...{ pack, size: 1, crc32: "", whole: "", plain: "1" },
    frames: [],
  };
  const tally = tallied(
    ["PackStarted", { pack, key: "p", class: "DEEP_ARCHIVE", header: 0, encryption: "none" }],
    ["PartPrepared", { ...part, part: 1 }],
    ["PartPrepared", { ...part, part: 2 }],
    ["PackStored", { pack, key: "p", size: `${GB}`, plain: `${GB}`, etag: "e" }],
    ["LogSegmentShipped", { log: "l", key: "s", first: 1, last: 2, head: "h", bytes: 100 }],
  );
  assert.equal(requestsIn(tally), 4 + 1 + 1);
  assert.equal(usd(tally), Number(((0.05 + 3 * 0.005 + 0.005 + 0.005) / 1000).toFixed(9)));
});

const restored: EventData["EntriesRestored"] = {
  ...{ entries: "1000", bytes: `${110 * GB}`, failed: [] },
};
const planned: EventData["RestorePlanned"] = {
  ...{ to: "/to", position: 1, entries: "1000", bytes: "1", overwrite: "never" },
  ...{ job: 1, objects: 5, objectBytes: "5" },
};

Deno.test("a restore costs its download, or what was quoted for a warm-up", () => {
  assert.equal(usd(tallied(["EntriesRestored", restored])), 9.9004);
  assert.equal(usd(tallied(["EntriesRestored", { ...restored, job: 2 }])), 9.9004);
  const both = tallied(
    ["RestorePlanned", { ...planned, quote: "1.25" }],
    ["EntriesRestored", { ...restored, job: 1 }],
  );
  assert.equal(usd(both), 1.25);
  const { total } = priceRun(tallied(["RestorePlanned", planned]), pricing, fateOf);
  assert.deepEqual(total, { usd: 0, unknown: ["warm-up as quoted"] });
});

Deno.test("a run that goes on with a restore costs what it adds, and no download again", () => {
  const resumed = tallied(
    ["RestoreApproved", { job: 1, quote: "0.5", tier: "Standard" }],
    ["WarmUpPlanned", { job: 1, tier: "Bulk", objects: [{ key: "k" }], cost: "0.25" }],
    ["WarmUpRequested", { job: 1, intent: 2, unspent: "0.125" }],
    ["EntriesRestored", { ...restored, job: 1 }],
  );
  assert.equal(usd(resumed), 0.625);
  const limit = tallied(["RestoreApproved", { job: 1, approved: "9" }]);
  assert.deepEqual(priceRun(limit, pricing, fateOf).lines, []);
  const unknown = tallied(["RestoreApproved", { job: 1, tier: "Standard" }]);
  assert.equal(priceRun(unknown, pricing, fateOf).total.unknown.length, 1);
});

Deno.test("a plan that was made anew counts once", () => {
  const anew: Told = ["RestorePlanned", { ...planned, quote: "1.25" }];
  assert.equal(usd(tallied(["UploadAborted", { key: "k", reason: "r" }], anew)), 0);
  assert.equal(usd(tallied(anew, anew)), 1.25);
});

Deno.test("a cancelled restore costs the part of its quote that was asked for", () => {
  const tally = tallied(["RestorePlanned", { ...planned, quote: "10" }]);
  assert.deepEqual([usd(tally, 0.3), usd(tally, 0)], [3, 0]);
  const unknown = priceRun(tallied(["RestorePlanned", planned]), pricing, () => ({
    ...fate,
    share: 0,
  }));
  assert.deepEqual(unknown.total.unknown, [], "nothing was asked for");
});

Deno.test("checksums that AWS computes cost their jobs and objects, and bytes that nobody knows", () => {
  const job: EventData["BatchJobPlanned"] = {
    ...{ operation: "checksum", token: "t", manifest: "m", etag: "e", report: "r" },
    objects: 1_000_000,
  };
  const { total } = priceRun(tallied(["BatchJobPlanned", job]), pricing, fateOf);
  assert.deepEqual(total, { usd: 1.25, unknown: ["checksums that AWS computes"] });
  const { lines } = priceRun(
    tallied(["BatchJobPlanned", { ...job, operation: "restore" }]),
    pricing,
    fateOf,
  );
  assert.deepEqual(lines, [], "those of a restore are in its quote");
});
