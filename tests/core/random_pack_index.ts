import fc from "fast-check";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import type { RecordedEntry } from "../../src/core/mirror/renames_record.ts";
import { HASHES_IN_PIECE, hashPieces } from "../../src/core/pack/chunk_list.ts";
import { END_FRAME } from "../../src/core/pack/pack_end.ts";
import type { PackIndexMember } from "../../src/core/pack/pack_index.ts";
import type { PackIndexHead } from "../../src/core/pack/pack_index_head.ts";
import {
  type FrameSize,
  packKey,
  paddingFor,
  storedSize,
} from "../../src/core/pack/pack_layout.ts";
import { jsonOfText } from "../../src/core/path_text.ts";
import { ENTRY_TYPES, type EntryStat, packStat } from "../../src/core/stat_record.ts";
import { realName } from "./any_name.ts";

export const PACK = "0123456789abcdef0123456789abcdef";

/** What a pack index is made of. */
export interface IndexParts {
  readonly head: PackIndexHead;
  readonly frames: readonly FrameSize[];
  readonly members: readonly PackIndexMember[];
}

/** Members with the blocks of header before each, laid out as a TAR; `cuts` end a frame behind one. */
export function layOut(
  members: readonly { readonly member: PackIndexMember; readonly headers: number }[],
  encryption: "age" | "none",
  cuts: readonly boolean[] = [],
): IndexParts {
  const frames: FrameSize[] = [];
  const placed: PackIndexMember[] = [];
  let [tar, begin] = [0, 0];
  for (const [i, { member, headers }] of members.entries()) {
    const bytes = contentBytes(member);
    if (bytes === undefined) {
      placed.push(member);
      continue;
    }
    const at = bytes === 0 ? tar : tar + headers * 512;
    placed.push({ ...member, at } as PackIndexMember);
    tar += headers * 512 + Math.ceil(bytes / 512) * 512;
    if (cuts[i] === true) {
      frames.push([tar - begin + 9, tar - begin]);
      begin = tar;
    }
  }
  if (tar > begin) frames.push([1000, tar - begin]);
  return { head: headOf(frames, tar, encryption), frames, members: placed };
}

/** Undefined where the TAR has nothing of it. */
function contentBytes(member: PackIndexMember): number | undefined {
  if (member.is === "chunks") return undefined;
  if (member.is === "chunk") return member.size;
  if (member.at === undefined) return undefined;
  return member.list ?? Number(member.entry.size ?? 0);
}

/** Pads the frames where that is needed. */
function headOf(frames: FrameSize[], plain: number, encryption: "age" | "none"): PackIndexHead {
  let stream = frames.reduce((sum, [compressed]) => sum + compressed, 0);
  const padding = encryption === "none" ? 0 : paddingFor(stream);
  if (padding > 0) frames.push([padding, 0]);
  stream += padding;
  const header = encryption === "none" ? 0 : 216;
  return {
    ...{ pack: PACK, key: packKey(PACK, encryption === "age"), log: "22".repeat(16) },
    ...{ created: "2026-11-21T12:00:00.000Z", class: "DEEP_ARCHIVE", header, encryption, plain },
    size: storedSize({ encryption, header }, stream + END_FRAME.length),
    ...{ etag: "etag-1", version: "v1" },
  };
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
const i64 = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(0n, 1000n).map((ns) => 1_760_000_000_000_000_000n + ns),
);
const anyStat: fc.Arbitrary<EntryStat> = fc.record({
  type: fc.constantFrom(...ENTRY_TYPES),
  sparse: fc.boolean(),
  dos: fc.constantFrom(0, 0, 0x20, 0xffff),
  mode: fc.constantFrom(0o644, 0o7777, 0),
  ...{ uid: fc.oneof(u32, fc.constant(1000)), gid: u32, fileId: fc.oneof(u64, fc.bigInt(0n, 9n)) },
  ...{ mtime: i64, ctime: i64, birth: i64, rdev: u64 },
  size: fc.oneof(fc.bigInt(0n, 2000n), fc.bigInt(0n, 2n ** 45n)),
}, { noNullPrototype: true }).map((stat) => ({
  ...stat,
  mtime: stat.mode === 0 ? stat.ctime : stat.mtime,
  size: stat.type === "file" ? stat.size : 0n,
}));

const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => bytes.toHex());
const extras = fc.record({
  links: fc.option(fc.integer({ min: 2, max: 9 }), { nil: undefined }),
  target: fc.option(realName, { nil: undefined }),
  attributes: fc.constantFrom(null, '[["user.a","AQ=="],[{"b64":"/w=="},""]]'),
  fileSystem: fc.constantFrom(undefined, "ext4:1"),
});
/** For the position of the entry itself. */
const OWN = 0;

const anyEntry: fc.Arbitrary<RecordedEntry> = fc.tuple(
  ...[anyStat, extras, anyHash] as const,
  fc.constantFrom(undefined, -5, 3, OWN),
  fc.record({ racy: fc.boolean(), unreadable: fc.boolean() }),
).map(([stat, extras, sha256, stored, { racy, unreadable }]) => {
  const { name: _, change: __, type, ...rest } = observedOfStat(
    "",
    "added",
    packStat(stat),
    extras,
  );
  const hash = type === "file" ? { sha256 } : {};
  return {
    type: type!,
    ...rest,
    ...(racy ? { racy } : {}),
    ...(unreadable ? { unreadable } : {}),
    ...(stored === undefined ? {} : { content: { stored, ...hash } }),
  };
});

const anyIndexed: fc.Arbitrary<PackIndexMember> = fc.record({
  entry: anyEntry,
  position: fc.integer({ min: 1, max: 4 }),
  source: fc.constantFrom("", "docs"),
  folder: fc.constantFrom("", "a", "a/\udcff", "b/c"),
  name: realName,
  isHere: fc.boolean(),
  list: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
}).map(({ entry, position, source, folder, name, isHere, list }) => {
  const path = jsonOfText(folder === "" ? name : `${folder}/${name}`);
  const content = entry.content?.stored === OWN
    ? { ...entry.content, stored: position }
    : entry.content;
  const own = content === undefined ? entry : { ...entry, content };
  const isFile = entry.type === "file" && entry.size !== "0";
  const at = isHere && (!isFile || content !== undefined) ? { at: 0 } : {};
  const lists = isFile && list !== undefined && "at" in at ? { list } : {};
  return { is: "entry", position, source, path, entry: own, ...at, ...lists };
});

const anyChunk: fc.Arbitrary<PackIndexMember> = fc.record({
  is: fc.constant("chunk" as const),
  sha256: anyHash,
  size: fc.integer({ min: 1, max: 4 * 1024 * 1024 }),
  at: fc.constant(0),
}, { noNullPrototype: true });

const anyList: fc.Arbitrary<PackIndexMember[]> = fc.tuple(
  ...[anyHash, anyHash] as const,
  fc.constantFrom(1, 2, HASHES_IN_PIECE + 1),
).map(([sha256, chunk, count]) =>
  [...hashPieces(Array(count).fill(chunk))].map((piece) => ({ is: "chunks", sha256, ...piece }))
);

/** Indexes of all that can be in one. */
export const anyIndex: fc.Arbitrary<IndexParts> = fc.tuple(
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: anyIndexed.map((member) => [member]) },
      { weight: 1, arbitrary: anyChunk.map((member) => [member]) },
      { weight: 1, arbitrary: anyList },
    ),
    { maxLength: 12 },
  ),
  fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
  fc.array(fc.boolean()),
  fc.constantFrom("age" as const, "none" as const),
).map(([members, headers, cuts, encryption]) => {
  const all = members.flat().map((member, i) => {
    return { member, headers: member.is === "chunk" ? i % 2 + 1 : headers[i % headers.length] };
  });
  return layOut(all, encryption, cuts);
});
