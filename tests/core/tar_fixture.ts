/** TAR streams made of members and taken apart again, and random members. */
import fc from "fast-check";
import { bytesOfText } from "../../src/core/path_text.ts";
import { BLOCK, type TarMember, tarPadding } from "../../src/core/pack/tar_member.ts";
import { tarHeader } from "../../src/core/pack/tar_header.ts";
import { tarReader } from "../../src/core/pack/tar_reader.ts";
import { anyNameBytes, realName } from "./any_name.ts";

export interface PackedMember {
  readonly member: TarMember;
  readonly content: Uint8Array;
}

export interface FoundMember extends PackedMember {
  readonly header: number;
  readonly at: number;
}

export const TAR_END = new Uint8Array(2 * BLOCK);

export function fileMember(path: string, more: Partial<TarMember> = {}): TarMember {
  return {
    ...{ path: bytesOfText(path), type: "file", mode: 0o644, uid: 0, gid: 0, size: 0 },
    ...{ mtime: 1_700_000_000_000_000_000n, ...more },
  };
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The members, each with its content, and TAR's end. */
export function tarOf(members: readonly PackedMember[]): Uint8Array<ArrayBuffer> {
  return concat([
    ...members.flatMap(({ member, content }) => [
      tarHeader(member),
      content,
      new Uint8Array(tarPadding(content.length)),
    ]),
    TAR_END,
  ]);
}

/** Reads a whole TAR, pushed in pieces of these sizes, over and over. */
export function readTar(tar: Uint8Array, sizes: readonly number[] = [tar.length]): FoundMember[] {
  const reader = tarReader();
  const found: { member: TarMember; header: number; at: number; pieces: Uint8Array[] }[] = [];
  for (let at = 0, i = 0; at < tar.length; i++) {
    // Each push has a buffer of its own that is overwritten then, as a caller's may be.
    const bytes = tar.slice(at, at + sizes[i % sizes.length]);
    for (const event of reader.push(bytes)) {
      if (event.kind === "member") found.push({ ...event, pieces: [] });
      if (event.kind === "content") found.at(-1)!.pieces.push(event.bytes.slice());
    }
    at += bytes.length;
    bytes.fill(0xff);
  }
  reader.end();
  return found.map(({ member, header, at, pieces }) => ({
    ...{ member, header, at, content: concat(pieces) },
  }));
}

const SECOND = 1_000_000_000n;
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const anyTime = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(0n, 2n ** 35n).map((seconds) => seconds * SECOND),
  fc.bigInt(-(2n ** 32n), 2n ** 40n).map((seconds) => seconds * SECOND + 123_000n),
);

/** Mostly short names, and those about as long as ustar's limits. */
const anySegment = fc.oneof(
  { weight: 4, arbitrary: anyNameBytes },
  fc.integer({ min: 1, max: 255 }).map((length) => new Uint8Array(length).fill(0x78)),
  fc.tuple(anyNameBytes, fc.integer({ min: 90, max: 160 })).map(([name, length]) =>
    concat([name, new Uint8Array(length).fill(0x79)])
  ),
);

const SLASH = Uint8Array.of(0x2f);
export const anyMemberPath = fc.array(anySegment, { minLength: 1, maxLength: 5 }).map((names) =>
  concat(names.flatMap((name, i) => i === 0 ? [name] : [SLASH, name]))
);

const anyOwner = fc.oneof(
  realName,
  fc.integer({ min: 1, max: 40 }).map((length) => "o".repeat(length)),
);
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes));
const anyAttributes = fc.uniqueArray(
  fc.record({ name: anyNameBytes, value: anyBytes }, { noNullPrototype: true }),
  { minLength: 1, maxLength: 4, selector: ({ name }) => name.toHex() },
);

const anyContent = fc.oneof(
  fc.constant(new Uint8Array(0)),
  anyBytes,
  fc.integer({ min: 500, max: 1100 }).map((length) => new Uint8Array(length).fill(0x41)),
);

function some<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

/** Random members of all types, as a reader gives them back: what is not known is absent. */
export const anyPackedMember: fc.Arbitrary<PackedMember> = fc.record({
  ...{ path: anyMemberPath, target: anyMemberPath, mtime: anyTime, content: anyContent },
  type: fc.constantFrom("file", "file", "folder", "symlink", "link", "fifo", "char", "block"),
  ...{ mode: fc.integer({ min: 0, max: 0o7777 }), uid: u32, gid: u32 },
  ...{ owner: some(anyOwner), group: some(anyOwner), birth: some(anyTime) },
  rdev: fc.bigInt(0n, 2n ** 64n - 1n),
  ...{ attributes: some(anyAttributes), sparse: fc.boolean() },
  dos: fc.constantFrom(undefined, 0x20, 0xffff),
}).map(
  (
    { path, type, content, target, rdev, owner, group, birth, attributes, sparse, dos, ...plain },
  ) => {
    const isLinked = type === "symlink" || type === "link";
    const isDevice = type === "char" || type === "block";
    const size = type === "file" ? content.length : 0;
    const known = type as TarMember["type"];
    const member: TarMember = {
      ...{ path: type === "folder" ? concat([path, SLASH]) : path, type: known, size, ...plain },
      ...(owner === undefined ? {} : { owner }),
      ...(group === undefined ? {} : { group }),
      ...(birth === undefined || birth === 0n ? {} : { birth }),
      ...(isLinked ? { target } : {}),
      ...(isDevice ? { rdev } : {}),
      ...(attributes === undefined ? {} : { attributes }),
      ...(sparse ? { sparse } : {}),
      ...(dos === undefined ? {} : { dos }),
    };
    return { member, content: content.subarray(0, size) };
  },
);

export const anyMembers = fc.array(anyPackedMember, { maxLength: 5 });
