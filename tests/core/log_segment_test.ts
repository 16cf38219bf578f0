import assert from "node:assert/strict";
import fc from "fast-check";
import { isKind } from "../../src/core/error.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { eventLine, firstPosition, genesisHash, genesisLine } from "../../src/core/event/line.ts";
import {
  closingBody,
  closingMetadata,
  readClosingBody,
  readSegmentMetadata,
  segmentKey,
  segmentMetadata,
  segmentOfKey,
  signedText,
} from "../../src/core/log_segment.ts";
import {
  entriesInLine,
  eventHead,
  joinLines,
  splitLines,
} from "../../src/core/log_segment_lines.ts";
import { GENESIS, sha256 } from "../sqlite/log_fixture.ts";
import { seed } from "../seed.ts";

function isDamage(work: () => unknown): void {
  assert.throws(work, (error) => isKind(error, "damage"));
}

const log = "22".repeat(16);
const head = {
  ...{ log, first: 17, last: 99, previous: "ab".repeat(32), head: "cd".repeat(32) },
  ...{ sha256: "ef".repeat(32), signature: "01".repeat(64) },
};
const next = {
  ...GENESIS,
  log: "44".repeat(16),
  parent: { log, position: 99, hash: "cd".repeat(32) },
};

Deno.test("a segment's key names its log and its first position, in the order of positions", () => {
  const key = segmentKey(log, 17);
  assert.equal(key, `.holdfast/log/${log}/0000000000000017.jsonl.zst`);
  assert.deepEqual(segmentOfKey(key), { log, first: 17 });
  assert.ok(segmentKey(log, 9) < key && key < segmentKey(log, 100));
  const sealed = segmentKey(log, 17, ".age");
  assert.equal(sealed, `${key}.age`);
  assert.deepEqual(segmentOfKey(sealed), { log, first: 17 });
  for (const other of [`${key}.gpg`, `${sealed}.age`, ".holdfast/log/x/1.jsonl.zst", "a"]) {
    assert.equal(segmentOfKey(other), undefined);
  }
});

Deno.test("a segment's metadata is ASCII below 2 KB and says what was said", () => {
  const segment = { ...head, genesis: genesisLine({ ...next, job: "j".repeat(64) }) };
  const metadata = segmentMetadata(segment);
  const text = JSON.stringify(metadata);
  assert.match(text, /^[\x20-\x7e]*$/);
  assert.ok(text.length < 1500, `${text.length}`);
  assert.deepEqual(readSegmentMetadata(segmentKey(log, 17), metadata), {
    kind: "segment",
    head: segment,
  });
  assert.equal(signedText(head), `holdfast-segment\n${log}\n17\n99\n${"cd".repeat(32)}`);
});

Deno.test("a closing segment names the log that goes on, and the host", () => {
  const closing = {
    ...{ log, first: 100, previous: "cd".repeat(32), sha256: "ef".repeat(32) },
    ...{ closedBy: next.log, host: "büro\n" },
  };
  const metadata = closingMetadata(closing);
  assert.match(JSON.stringify(metadata), /^[\x20-\x7e]*$/);
  assert.deepEqual(readSegmentMetadata(segmentKey(log, 100), metadata), {
    kind: "closing",
    closing,
  });
  assert.deepEqual(readClosingBody(closingBody(next), closing), next);
  const others = [
    { ...closing, closedBy: "55".repeat(16) },
    { ...closing, previous: "00".repeat(32) },
    { ...closing, first: 99 },
  ];
  for (const other of others) {
    isDamage(() => readClosingBody(closingBody(next), other));
  }
  isDamage(() => readClosingBody("{", closing));
});

Deno.test("metadata that does not fit its key, or lacks a field, is damage", () => {
  const metadata: Record<string, string> = segmentMetadata(head);
  isDamage(() => readSegmentMetadata(segmentKey(log, 18), metadata));
  for (const name of ["first", "last", "previous", "head", "sha256"]) {
    const { [name]: _, ...rest } = metadata;
    isDamage(() => readSegmentMetadata(segmentKey(log, 17), rest));
  }
  isDamage(() => readSegmentMetadata(segmentKey(log, 17), { ...metadata, last: "16" }));
});

Deno.test("a genesis without `next` has the hash it always had, and `next` changes it", () => {
  const line = genesisLine(next);
  assert.ok(line.endsWith(`"parent":{"log":"${log}","position":99,"hash":"${"cd".repeat(32)}"}}`));
  assert.equal(firstPosition(next), 100);
  const jump = { ...next, parent: { ...next.parent, next: 500 } };
  assert.equal(firstPosition(jump), 500);
  assert.notEqual(genesisHash(jump, sha256), genesisHash(next, sha256));
  assert.equal(firstPosition(GENESIS), 1);
});

Deno.test(`lines joined and split again are the same lines (seed ${seed})`, () => {
  const line = fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.filter((b) => b !== 10));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      assert.deepEqual(splitLines(joinLines(lines)), lines);
    }),
    { seed },
  );
  isDamage(() => splitLines(new Uint8Array([65])));
});

Deno.test("entries are counted as the batch holds them, whatever their names", () => {
  const names = ['{"name":', "a", '","name":"', { b64: "e30=" }];
  const entries = names.map((name) => ({ name, change: "removed" as const }));
  const event: AnyNewEvent = {
    type: "EntriesObserved",
    data: { source: '{"name":', seen: "1", folders: [{ path: "x", entries }] },
  };
  const line = new TextEncoder().encode(eventLine(event, { position: 1, at: "t", run: "r" }));
  assert.equal(entriesInLine(line, event.type, 1), names.length);
  const verified: AnyNewEvent = {
    type: "ObjectVerified",
    data: { source: "", folders: [{ path: "", names: ["a", "b"] }] },
  };
  const other = new TextEncoder().encode(eventLine(verified, { position: 2, at: "t", run: "r" }));
  assert.equal(entriesInLine(other, verified.type, 2), 2);
  assert.equal(entriesInLine(line, "RunStarted", 1), 0);
  assert.deepEqual(eventHead(other), { at: "t", type: "ObjectVerified", run: "r" });
  assert.deepEqual(eventHead(new Uint8Array([65])), { at: "", type: "", run: "" });
});
