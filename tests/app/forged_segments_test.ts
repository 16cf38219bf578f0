/** Segments that somebody put there who may write to the bucket, and has not the log's key. */
import assert from "node:assert/strict";
import { verifyShipped } from "../../src/app/verify_shipped.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { chainHash } from "../../src/core/event/line.ts";
import {
  readSegmentMetadata,
  type SegmentHead,
  segmentMetadata,
  segmentOfKey,
  signedText,
} from "../../src/core/log_segment.ts";
import { splitLines } from "../../src/core/log_segment_lines.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPrivateKey, signerOf, verifySignature } from "../../src/crypto/signing.ts";
import { sha256 } from "../sqlite/log_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";
import { ageCodings } from "./sealed_codings.ts";

const missing = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "gone" },
});

type Sign = (text: string, other: SegmentHead) => string;

/** How the signature came to be below a head whose events, hashes and checksum all fit. */
const SIGNATURES: readonly (readonly [what: string, sign: Sign])[] = [
  ["signed by another key", (text) => signerOf(newPrivateKey()).sign(text)],
  ["not signed", () => ""],
  ["signed with nothing but zeros", () => "00".repeat(64)],
  ["with the signature of another segment", (_, other) => other.signature],
  ["with a signature that is none", () => "forged"],
];

for (const isSealed of [false, true]) {
  for (const [what, sign] of SIGNATURES) {
    const name = `a forged segment ${isSealed ? "of an encrypted log, " : ""}${what}`;
    Deno.test(`${name}, is refused and named by rebuild, by log verify, and by the next run`, () =>
      withLogs(async (logs) => {
        const { first } = logs;
        // Whoever encrypts needs nothing but the recipients, which are public.
        if (isSealed) first.coding = (await ageCodings()).both;
        for (const run of ["one", "two", "three"]) await first.run([missing(run)]);
        const older = logs.copyOf(first);
        await first.run([missing("four")]);
        const kept = new Map(logs.store.objects);
        for (const key of [0, 3, -1].map((at) => segmentKeys(logs.store).at(at)!)) {
          await forge(logs, key, sign);
          await assertRefused(logs, key);
          if (segmentOfKey(key)!.first > older.log.head().position) {
            await failsToCatchUp(older, key);
          }
          for (const [name, versions] of kept) logs.store.objects.set(name, versions);
        }
        assert.deepEqual((await rebuilt(logs)).missing, []);
      }));
  }
}

Deno.test("forged segments behind the log's end are refused and named, and the log goes on", () =>
  withLogs(async (logs) => {
    const { first, store } = logs;
    await first.run([missing("one")]);
    const lost = logs.copyOf(first);
    await first.run([missing("two")]);
    const key = segmentKeys(store).at(-1)!;
    await forge(logs, key, (text) => signerOf(newPrivateKey()).sign(text));
    const { missing: said, shipped } = await rebuilt(logs);
    assert.match(said.join("\n"), named(key));
    assert.equal(shipped.position, segmentOfKey(key)!.first - 1);
    const report = await compared(logs, lost);
    assert.match(report.damage.join("\n"), named(key));
    // With the key a new log goes on behind what was forged, and that is told no more.
    const again = await logs.rebuild({ signer: first.signer });
    await again.run([missing("three")]);
    assert.deepEqual((await compared(logs, again)).damage, []);
    assert.match((await logs.rebuild()).report.missing.join("\n"), named(key));
  }));

async function assertRefused(logs: Logs, key: string): Promise<void> {
  const { missing: said, shipped } = await rebuilt(logs);
  assert.match(said.join("\n"), named(key));
  assert.equal(shipped.position, segmentOfKey(key)!.first - 1, "of what was forged nothing is in");
  for (let times = 0; times < 2; times++) {
    const { damage } = await compared(logs, logs.first);
    assert.equal(damage.filter((sentence) => named(key).test(sentence)).length, 1, damage.join());
  }
}

/** Of what was forged nothing is taken over by who has not the events yet. */
async function failsToCatchUp({ log, catchUp }: Machine, key: string): Promise<void> {
  const { message } = await failsWith(catchUp(), "damage");
  assert.match(message, named(key));
  assert.ok(log.head().position < segmentOfKey(key)!.first);
}

async function rebuilt(logs: Logs) {
  const { report } = await logs.rebuild({ coding: logs.first.coding });
  return report;
}

function compared({ store, first }: Logs, { log }: Machine) {
  const deps = { store, hashing: platformHashing, coding: first.coding, verify: verifySignature };
  return verifyShipped(log, deps, new AbortController().signal);
}

function named(key: string): RegExp {
  return new RegExp(`the log segment ${RegExp.escape(key)} is damaged: its head is not signed`);
}

/** The segment with other events, every hash of it computed anew. */
async function forge({ store, first }: Logs, key: string, sign: Sign): Promise<void> {
  const { body, head: stored } = store.current(key)!;
  const head = headOf(key, stored.metadata);
  const text = new TextDecoder().decode(await first.coding.unpack(key, body));
  const forged = new TextEncoder().encode(
    text.replaceAll('"host":"desk"', '"host":"evil"')
      .replace(/"path":"\w+"/, '"path":"forged"').replaceAll(
        '"totals":{}',
        '"totals":{"forged":1}',
      ),
  );
  assert.notDeepEqual(forged, new TextEncoder().encode(text));
  let hash = head.previous;
  for (const line of splitLines(forged)) hash = chainHash(hash, line, sha256);
  const packed = await first.coding.pack(forged);
  const other = segmentKeys(store).find((one) => one !== key)!;
  const fake = { ...head, head: hash, sha256: packed.sha256 };
  const signature = sign(signedText(fake), headOf(other, store.current(other)!.head.metadata));
  const metadata = segmentMetadata({ ...fake, signature });
  store.objects.set(key, [{ body: packed.body, head: { ...stored, metadata } }]);
}

function headOf(key: string, metadata: Readonly<Record<string, string>>): SegmentHead {
  const object = readSegmentMetadata(key, metadata);
  if (object.kind !== "segment") throw new Error(`${key} is no segment`);
  return object.head;
}
