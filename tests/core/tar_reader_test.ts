import assert from "node:assert/strict";
import fc from "fast-check";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import { bytesOfText } from "../../src/core/path_text.ts";
import { paxBytes, type PaxRecord, writePax } from "../../src/core/pack/pax_records.ts";
import { BLOCK, type TarMember, tarPadding } from "../../src/core/pack/tar_member.ts";
import { tarHeader } from "../../src/core/pack/tar_header.ts";
import { type TarEvent, tarReader } from "../../src/core/pack/tar_reader.ts";
import {
  anyMembers,
  concat,
  fileMember,
  type PackedMember,
  readTar,
  TAR_END,
  tarOf,
} from "./tar_fixture.ts";
import { seed } from "../seed.ts";

fc.configureGlobal({ seed });

const HEADER_CHECKSUM = { from: 148, to: 156 };

function damageOf(run: () => unknown): HoldfastError {
  try {
    run();
  } catch (error) {
    if (isKind(error, "damage")) return error;
    throw error;
  }
  throw new Error("no damage was found");
}

function small(): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(700).fill(7);
  return tarOf([
    { member: fileMember("a", { size: 700, mtime: 1n }), content },
    { member: fileMember("b", { type: "symlink", target: bytesOfText("a") }), content: TAR_END },
  ].map(({ member, content }) => ({ member, content: content.subarray(0, member.size) })));
}

Deno.test("a TAR that is cut off anywhere is damage", () => {
  fc.assert(
    fc.property(
      anyMembers,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (members, part) => {
        const tar = tarOf(members);
        const cut = tar.subarray(0, Math.floor(part * tar.length));
        const { context } = damageOf(() => readTar(cut, [300]));
        assert.ok(Number(context.offset) <= cut.length);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("a bit that is flipped is damage or is seen in what is read, never a crash", () => {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(anyMembers, place, fc.nat({ max: 7 }), (members, place, bit) => {
      const tar = tarOf(members);
      const records = recordsIn(tar);
      const at = Math.floor(place * tar.length);
      tar[at] ^= 1 << bit;
      const read = readOrDamage(tar);
      if (read === "damage" || !isEqual(read, members)) return;
      const isRecord = records.some(([from, to]) => at >= from && at < to);
      assert.ok(isRecord || isInChecksum(tar, at), `byte ${at} of ${tar.length} changes nothing`);
    }),
    { numRuns: 5000 },
  );
});

/**
 * Where extended headers hold records. A number that octal does not hold stands twice, and not every
 * record says something: there a change may be nothing.
 */
function recordsIn(tar: Uint8Array): [from: number, to: number][] {
  const found: [number, number][] = [];
  const decoder = new TextDecoder();
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const size = parseInt(decoder.decode(tar.subarray(at + 124, at + 135)), 8);
    const end = at + 512 + Math.ceil(size / 512) * 512;
    if (tar[at + 156] === "x".charCodeAt(0)) found.push([at + 512, end]);
    at = end;
  }
  return found;
}

function readOrDamage(tar: Uint8Array): PackedMember[] | "damage" {
  try {
    return readTar(tar, [700]).map(({ member, content }) => ({ member, content }));
  } catch (error) {
    if (isKind(error, "damage")) return "damage";
    throw error;
  }
}

function isEqual(found: PackedMember[], members: PackedMember[]): boolean {
  try {
    assert.deepEqual(found, members);
    return true;
  } catch {
    return false;
  }
}

/** A "0" that becomes a space is the same number, which harms nothing. */
function isInChecksum(tar: Uint8Array, at: number): boolean {
  const place = at % BLOCK;
  const header = tar.subarray(at - place, at - place + BLOCK);
  return place >= HEADER_CHECKSUM.from && place < HEADER_CHECKSUM.to &&
    new TextDecoder().decode(header.subarray(257, 262)) === "ustar";
}

Deno.test("random bytes are damage", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), (bytes) => {
    fc.pre(bytes.some((byte) => byte !== 0));
    damageOf(() => readTar(bytes, [999]));
  }));
});

Deno.test("damage says where it is", () => {
  const first = tarHeader(fileMember("a", { size: 700, mtime: 1n })).length;
  assert.equal(first, 3 * BLOCK);
  const offsetWith = (at: number, byte: number) => {
    const tar = small();
    tar[at] = byte;
    return damageOf(() => readTar(tar)).context.offset;
  };
  assert.equal(offsetWith(10, 1), 0, "the extended header");
  assert.equal(offsetWith(BLOCK, 0x20), BLOCK, "its records");
  assert.equal(offsetWith(2 * BLOCK - 1, 1), BLOCK + "15 mtime=0.000000001\n".length - 1 + 1);
  assert.equal(offsetWith(2 * BLOCK + 10, 1), 2 * BLOCK, "the header");
  assert.equal(offsetWith(first + 700, 1), first + 700, "the padding");
  assert.equal(offsetWith(first + 2 * BLOCK + 257, 0), first + 2 * BLOCK, "the second member");
});

Deno.test("the end is two blocks of zeros; more zeros may follow, nothing else", () => {
  const tar = small();
  const events = (bytes: Uint8Array): TarEvent[] => {
    const reader = tarReader();
    const found = reader.push(bytes);
    reader.end();
    return found;
  };
  assert.deepEqual(events(tar).at(-1), { kind: "end", at: tar.length - 2 * BLOCK });
  assert.deepEqual(events(concat([tar, new Uint8Array(9000)])), events(tar));
  damageOf(() => events(concat([tar, Uint8Array.of(1)])));
  damageOf(() => events(concat([tar, tar])));
  damageOf(() => events(tar.subarray(0, tar.length - BLOCK)));
  const header = tarHeader(fileMember("c"));
  damageOf(() => events(concat([new Uint8Array(BLOCK), header, TAR_END])));
  damageOf(() => events(new Uint8Array(0)));
});

Deno.test("a reader that begins in the middle tells offsets of the whole stream", () => {
  const tar = small();
  const [, second] = readTar(tar);
  const reader = tarReader(second.header);
  const [event] = reader.push(tar.subarray(second.header));
  assert.deepEqual(event, { kind: "member", ...pick(second) });
});

function pick({ member, header, at }: { member: TarMember; header: number; at: number }) {
  return { member, header, at };
}

Deno.test("content comes in pieces that say what is still to come", () => {
  const reader = tarReader();
  const tar = small();
  const events = [
    ...reader.push(tar.subarray(0, 3 * BLOCK + 100)),
    ...reader.push(tar.subarray(3 * BLOCK + 100)),
  ];
  const pieces = events.filter((event) => event.kind === "content")
    .map(({ at, left, bytes }) => [at, bytes.length, left]);
  assert.deepEqual(pieces, [[3 * BLOCK, 100, 600], [3 * BLOCK + 100, 600, 0]]);
});

/** A header of another type, made of one of ours. */
function retyped(member: TarMember, flag: string): Uint8Array<ArrayBuffer> {
  const header = tarHeader(member);
  header[156] = flag.charCodeAt(0);
  const sum = header.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  header.set(bytesOfText(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return header;
}

function extended(flag: string, ...records: PaxRecord[]): Uint8Array<ArrayBuffer> {
  const size = paxBytes(records);
  const body = new Uint8Array(size + tarPadding(size));
  writePax(body, 0, records);
  return concat([retyped(fileMember("x", { size }), flag), body]);
}

Deno.test("records of a global header apply to all members, but for what a member's own say", () => {
  const tar = concat([
    ...[extended("g", ["uid", "123"], ["uname", "all"]), tarHeader(fileMember("a"))],
    ...[extended("x", ["uid", "77"]), tarHeader(fileMember("b")), TAR_END],
  ]);
  const found = readTar(tar).map(({ member }) => [member.uid, member.owner]);
  assert.deepEqual(found, [[123, "all"], [77, "all"]]);
});

Deno.test("of a record that comes twice the last one counts", () => {
  const twice = extended("x", ["uid", "1"], ["uid", "2"]);
  const [{ member }] = readTar(concat([twice, tarHeader(fileMember("a")), TAR_END]));
  assert.equal(member.uid, 2);
});

Deno.test("a folder's path ends in a slash, also where its header has none", () => {
  const [{ member }] = readTar(concat([retyped(fileMember("a"), "5"), TAR_END]));
  assert.deepEqual([member.type, member.path], ["folder", bytesOfText("a/")]);
});

Deno.test("what is not of pax, and records that say nothing, are damage", () => {
  const a = tarHeader(fileMember("a"));
  const uid = extended("x", ["uid", "1"]);
  const broken: [RegExp, Uint8Array[]][] = [
    [/^a member of unknown type at byte 0 of the TAR$/, [retyped(fileMember("a"), "L")]],
    [/^a sparse file/, [extended("x", ["GNU.sparse.major", "1"]), a]],
    [/^an extended header without a member/, [uid, uid, a]],
    [/^an extended header without a member/, [uid]],
    [/^a member without a size/, [extended("x", ["size", "x"]), a]],
    [/^a member without a size/, [extended("x", ["size", "9999999999999999"]), a]],
    [/^a member without a uid/, [extended("x", ["uid", "-1"]), a]],
    [/^a record mtime without a time/, [extended("x", ["mtime", "1.x"]), a]],
    [/^a member without a path/, [extended("x", ["path", ""]), a]],
  ];
  for (const [message, pieces] of broken) {
    assert.match(damageOf(() => readTar(concat([...pieces, TAR_END]))).message, message);
  }
});
