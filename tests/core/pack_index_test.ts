import assert from "node:assert/strict";
import fc from "fast-check";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import type { RecordedEntry } from "../../src/core/mirror/renames_record.ts";
import { hashPieces } from "../../src/core/pack/chunk_list.ts";
import { packIndexLines, type PackIndexMember } from "../../src/core/pack/pack_index.ts";
import { readPackIndex } from "../../src/core/pack/pack_index_reader.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { seed } from "../seed.ts";
import { hasCommand, run } from "../sources/tree_tools.ts";
import { assertGolden } from "./golden.ts";
import { anyIndex, type IndexParts, layOut, PACK } from "./random_pack_index.ts";

function linesOf({ head, frames, members }: IndexParts): string[] {
  return [...packIndexLines(head, frames, members)];
}

function readAll(lines: readonly string[], isEncrypted = true): IndexParts {
  const { head, frames, members } = readPackIndex(lines, { pack: PACK, isEncrypted });
  return { head, frames, members: [...members] };
}

function damageOf(lines: readonly string[]): string {
  try {
    readAll(lines);
  } catch (error) {
    if (isKind(error, "damage")) return error.message;
    throw error;
  }
  return "";
}

Deno.test(`a pack index comes back from its lines (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyIndex, (parts) => {
      const lines = linesOf(parts);
      for (const line of lines) assert.ok(!line.includes("\n"));
      assert.deepEqual(readAll(lines, parts.head.encryption === "age"), parts);
    }),
    { seed, numRuns: 500 },
  );
});

Deno.test(`an index with a line too few, too many or cut off is damage (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyIndex, fc.nat(), fc.nat(), (parts, which, where) => {
      const lines = linesOf(parts);
      const i = which % lines.length;
      const cut = lines[i].slice(0, where % lines[i].length);
      for (
        const other of [
          lines.toSpliced(i, 1),
          lines.toSpliced(i, 0, lines[i]),
          lines.toSpliced(i, 1, cut),
          lines.slice(0, i),
          [...lines, "{}"],
        ]
      ) {
        assert.throws(
          () => readAll(other, parts.head.encryption === "age"),
          (error) =>
            isKind(error, "damage") && /^line \d+ of the index of pack/.test(error.message),
        );
      }
    }),
    { seed, numRuns: 300 },
  );
});

Deno.test(`whatever a character becomes, the index is read or is damage (seed ${seed})`, () => {
  const character = fc.constantFrom(...'0"{}[]:,-.9aA\\ \0', "\udcff", "null", '"at":0,');
  fc.assert(
    fc.property(anyIndex, fc.nat(), fc.nat(), character, (parts, which, where, character) => {
      const lines = linesOf(parts);
      const i = which % lines.length;
      const at = where % lines[i].length;
      lines[i] = lines[i].slice(0, at) + character + lines[i].slice(at + 1);
      try {
        readAll(lines, parts.head.encryption === "age");
      } catch (error) {
        assert.ok(isKind(error, "damage", "failed"), `${error}`);
      }
    }),
    { seed, numRuns: 500 },
  );
});

const hashes = ["aa", "bb", "cc", "dd"].map((byte) => byte.repeat(32));
const stat = {
  ...{ mode: 0o644, uid: 1000, gid: 100, birth: "1760000000000000001" },
  ...{ mtime: "1760000000123456789", ctime: "1760000000123456789", id: "4000" },
};

/** One of each, as docs/bucket_format.md would show it. */
function example(): IndexParts {
  const place = { is: "entry", position: 17, source: "" } as const;
  const file = (sha256: string, more: Partial<RecordedEntry>): RecordedEntry => ({
    ...{ type: "file", ...stat, content: { stored: 17, sha256 } },
    ...more,
  });
  const members: PackIndexMember[] = [
    {
      ...{ ...place, path: "", at: 0 },
      entry: { type: "folder", ...stat, mode: 0o755, content: { stored: 17 } },
    },
    {
      ...{ ...place, path: "a", at: 0 },
      entry: { type: "folder", ...stat, mode: 0o755, id: "4001", content: { stored: 17 } },
    },
    { ...place, path: "a/one.txt", at: 0, entry: file(hashes[0], { size: "700", id: "4002" }) },
    {
      ...{ ...place, path: "a/two.txt", at: 0 },
      entry: file(hashes[1], {
        ...{ size: "3", id: "4003", mtime: "1500000000000000000", ctime: "1760000000123500000" },
        ...{ attributes: [["user.note", "aGk="]], racy: true },
      }),
    },
    { ...place, path: "a/same.txt", entry: file(hashes[1], { size: "3", id: "3999" }) },
    { ...place, path: "a/empty", at: 0, entry: file(hashes[2], { size: "0", id: "4004" }) },
    {
      ...{ ...place, path: { b64: "YS//" }, at: 0 },
      entry: { type: "symlink", ...stat, mode: 0o777, target: "one.txt", content: { stored: 17 } },
    },
    { is: "chunk", sha256: hashes[0], size: 2_000_000, at: 0 },
    { is: "chunk", sha256: hashes[1], size: 1_000_001, at: 0 },
    ...[...hashPieces(hashes.slice(0, 2))].map((piece) => (
      { is: "chunks" as const, sha256: hashes[3], ...piece }
    )),
    {
      ...{ is: "entry", position: 18, source: "", path: "large", at: 0, list: 150 },
      entry: file(hashes[3], { size: "3000001", content: { stored: 18, sha256: hashes[3] } }),
    },
    {
      ...{ is: "entry", position: 18, source: "", path: "gone" },
      entry: { type: "char", ...stat, rdev: "1112396529667", unreadable: true },
    },
  ];
  const all = members.map((member) => ({ member, headers: member.is === "chunk" ? 1 : 3 }));
  all[3] = { ...all[3], headers: 4 };
  return layOut(all, "age", [false, false, true]);
}

Deno.test("the lines of an index are as written down", () => {
  const lines = linesOf(example());
  assertGolden("pack_index.jsonl", lines.join("\n") + "\n");
  assert.deepEqual(readAll(lines), example());
});

/** A replacement in one line, and what is said of it. */
const damages: readonly [line: number, from: string, to: string, message: RegExp][] = [
  [1, PACK, "f".repeat(32), /^line 1 .*not the head of this pack/],
  [1, '"age"', '"none"', /^line 1 .*not the head of this pack/],
  [1, "packs/01", "packs/02", /^line 1 .*not the head of this pack/],
  [1, '"format":1', '"format":0', /^line 1 .*not the head of this pack/],
  [1, '"header":216', '"header":0', /^line 1 .*does not say what it must/],
  [1, "2222", "222X", /^line 1 .*does not say what it must/],
  [1, "2026-11", "now-11", /^line 1 .*does not say what it must/],
  [1, '"plain":', '"plain":1', /^line 2 .*the frames have/],
  [1, '"size":', '"size":1', /^line 2 .*bytes of frames are not/],
  [2, "[1000,", "[1001,", /^line 2 .*bytes of frames are not/],
  [2, "[1000,", "[0,", /^line 2 .*no table of frames/],
  [2, "[1000,", '["1000",', /^line 2 .*no table of frames/],
  [3, '"position":17', '"position":17.5', /^line 3 .*does not say where/],
  [3, '"position":17', '"position":0', /^line 3 .*does not say where/],
  [3, '"source":"",', "", /^line 3 .*does not say where/],
  [3, '"source"', '"scource"', /^line 3 .*no scource/],
  [6, '"folder":"a"', '"folder":"a//b"', /^line 6 .*does not say where/],
  [6, '"folder":"a"', '"folder":"../a"', /^line 6 .*does not say where/],
  [6, '{"folder":"a"}', "{}", /^line 6 .*does not say where/],
  [7, "one.txt", "..", /^line 7 .*name/],
  [7, "one.txt", "a/b", /^line 7 .*name/],
  [7, "one.txt", "", /^line 7 .*name/],
  [7, '"size":700', '"size":7e2.5', /^line 7 /],
  [7, '"size":700', '"size":-700', /^line 7 .*size/],
  [7, '"size":700', '"size":7000000', /^line 7 .*no member can be at/],
  [7, '"size":700,', "", /^line 7 .*size/],
  [7, '"mode":420', '"mode":4200', /^line 7 .*mode/],
  [7, '"mode":420,', "", /^line 7 .*mode/],
  [7, "qqqq", "qqq", /^line 7 .*base64url/],
  [7, "qqqq", "qqqqqqqq", /^line 7 .*sha256/],
  [7, ',"sha256"', ',"hash"', /^line 7 .*no hash in it/],
  [7, '"size":700', '"size":700,"at":1024', /^line 7 .*no member can be at 1024/],
  [7, '"size":700', '"size":700,"at":5121', /^line 7 .*no member can be at 5121/],
  [7, '"size":700', '"size":700,"at":"5120"', /^line 7 .*no member can be at/],
  [7, '"size":700', '"size":700,"list":0', /^line 7 .*list/],
  [8, '"ctime":43211', '"ctime":"9999999999999999999"', /^line 8 .*ctime/],
  [8, '"ctime":43211', '"ctime":1e17', /^line 8 .*ctime/],
  [8, '"racy":true', '"racy":1', /^line 8 .*racy/],
  [8, "aGk=", "aGk*", /^line 8 /],
  [8, '"at":', '"at":9', /^line 8 .*no member can be at/],
  [9, '"at":null', '"at":null,"list":9', /^line 9 .*list/],
  [9, '"id":-4', '"id":-5000', /^line 9 .*id/],
  [11, '"type":"symlink"', '"type":"socket"', /^line 11 .*type/],
  [11, '"type":"symlink"', '"type":"symlink","size":1', /^line 11 .*size/],
  [12, '"size":2000000', '"size":0', /^line 12 .*size/],
  [12, '"size":2000000', '"size":1.5', /^line 12 .*size/],
  [12, '"size":2000000', '"size":2000000,"at":0', /^line 12 .*no member can be at/],
  [14, '"from":0', '"from":1', /^line 14 .*begins with the chunk 1/],
  [14, '"chunks":"', '"chunks":"AAAA', /^line 14 .*hashes of chunks/],
  [16, '"size":3000001', '"size":3000001,"stored":0', /^line 16 .*sha256/],
  [17, '"rdev":"', '"rdev":"-', /^line 17 .*rdev/],
  [18, "18", "17", /^line 18 .*end of 17 lines/],
];

Deno.test("each thing that does not fit is damage of its line", () => {
  const lines = linesOf(example());
  for (const [number, from, to, message] of damages) {
    const line = lines[number - 1];
    assert.ok(line.includes(from), `${from} is not in line ${number}: ${line}`);
    assert.match(
      damageOf(lines.with(number - 1, line.replace(from, to))),
      message,
      `${from} ${to}`,
    );
  }
  assert.match(damageOf([...lines, ""]), /^line 19 .*behind the end/);
  assert.match(damageOf([]), /^line 1 .*not there/);
  for (const text of ["null", "[]", "17", '"x"']) {
    assert.match(damageOf(lines.with(6, text)), /^line 7 /, text);
  }
});

Deno.test("an index of a newer program is not damage, but not known", () => {
  const lines = linesOf(example());
  const newer = lines.with(0, lines[0].replace('"format":1', '"format":2'));
  assert.throws(() => readAll(newer), (error) => isKind(error, "failed"));
});

Deno.test("members that are not in the order of the TAR are not written", () => {
  const parts = example();
  const members = [parts.members[3], parts.members[2]];
  assert.throws(() => linesOf({ ...parts, members }), (error) => isKind(error, "damage"));
});

Deno.test("members are read one by one, and what is damaged later does not hinder them", () => {
  const lines = linesOf(example()).with(17, "");
  const { members } = readPackIndex(lines, { pack: PACK, isEncrypted: true });
  const seen: PackIndexMember[] = [];
  assert.throws(() => {
    for (const member of members) seen.push(member);
  }, HoldfastError);
  assert.deepEqual(seen, example().members);
});

const withJq = "jq and base64 read names, sizes and hashes from an index";
Deno.test(withJq, () => {
  if (!hasCommand(withJq, "jq")) return;
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, linesOf(example()).join("\n") + "\n");
  const names = run("jq", ["-r", 'select(.name and .size) | "\\(.size) \\(.name)"', file]);
  assert.equal(names, "700 one.txt\n3 two.txt\n3 same.txt\n0 empty\n3000001 large\n");
  const hash = run("sh", [
    "-ec",
    `jq -r 'select(.name == "one.txt").sha256' "$1" | tr -- -_ +/ | sed 's/$/=/' | base64 -d | od -An -v -tx1`,
    ...["sh", file],
  ]);
  Deno.removeSync(file);
  assert.equal(hash.replaceAll(/\s/g, ""), hashes[0]);
});

/** Photographs as a copy leaves them: times that go on by a fraction of a millisecond. */
function manyFiles(count: number): IndexParts {
  let state = 1;
  const random = (most: number) => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
    return Math.floor((state >>> 0) / 2 ** 32 * most);
  };
  let [time, id] = [1_760_000_000_123_456_789n, 1_234_567n];
  const members = Array.from({ length: count }, (_, i) => {
    const birth = time + 60_000n + BigInt(random(400_000));
    time = birth + 20_000n + BigInt(random(60_000));
    id += random(20) === 0 ? BigInt(random(50)) : 1n;
    const entry: RecordedEntry = {
      ...{ type: "file", mode: 0o644, uid: 1000, gid: 1000, size: String(1 + random(60_000)) },
      ...{ mtime: time.toString(), ctime: time.toString(), birth: birth.toString() },
      id: id.toString(),
      content: {
        stored: 1000 + Math.floor(i / 1000),
        sha256: platformHashing.sha256(`${i}`).toHex(),
      },
    };
    const folder = `dir${String(Math.floor(i / 100)).padStart(3, "0")}`;
    const path = `${folder}/file${String(i).padStart(6, "0")}.jpg`;
    const position = 1000 + Math.floor(i / 1000);
    const member: PackIndexMember = { is: "entry", position, source: "", path, at: 0, entry };
    return { member, headers: 3 };
  });
  return layOut(members, "age");
}

Deno.test("a file takes at most 55 bytes of a compressed index, 32 of them its hash", () => {
  const text = linesOf(manyFiles(10_000)).join("\n") + "\n";
  const bytes = platformHashing.compress(new TextEncoder().encode(text)).length / 10_000;
  assert.ok(bytes > 32 && bytes <= 55, `${bytes} bytes a file`);
});
