import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOfText, hasRawBytes, textOfBytes } from "../../src/core/path_text.ts";
import { tarHeader } from "../../src/core/pack/tar_header.ts";
import { BLOCK, type TarMember, tarPadding } from "../../src/core/pack/tar_member.ts";
import { tarReader } from "../../src/core/pack/tar_reader.ts";
import { anyMembers, fileMember, readTar, tarOf } from "./tar_fixture.ts";
import { assertGolden } from "./golden.ts";
import { readByTarStream } from "./tar_second_reader.ts";
import { seed } from "../seed.ts";

fc.configureGlobal({ seed });

Deno.test("random members come back as they were, with their content and offsets, however cut", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(anyMembers, sizes, (members, sizes) => {
      const tar = tarOf(members);
      const found = readTar(tar, sizes);
      assert.deepEqual(found.map(({ member, content }) => ({ member, content })), members);
      let at = 0;
      for (const { member, header, at: contentAt } of found) {
        assert.equal(header, at);
        at += tarHeader(member).length;
        assert.equal(contentAt, at);
        at += member.size + tarPadding(member.size);
      }
      assert.equal(at, tar.length - 2 * BLOCK);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("tar-stream reads the same members, where their texts are UTF-8", async () => {
  await fc.assert(
    fc.asyncProperty(anyMembers, async (members) => {
      const plain = members.filter(({ member }) => isUtf8(member) && isKnown(member));
      const found = await readByTarStream(tarOf(plain));
      assert.deepEqual(found, plain.map(({ member, content }) => asSecondReader(member, content)));
    }),
    { numRuns: 2000 },
  );
});

/** Everything that tar-stream decodes as UTF-8. */
function isUtf8({ path, target, owner = "", group = "" }: TarMember): boolean {
  const texts = [textOfBytes(path), textOfBytes(target ?? new Uint8Array(0)), owner, group];
  return texts.every((text) => !hasRawBytes(text) && !text.startsWith("\ufeff"));
}

/** Of pax it knows path, linkpath and size only; negative numbers in binary it reads one off. */
function isKnown({ owner = "", group = "", mtime }: TarMember): boolean {
  return mtime >= 0n && [owner, group].every((text) => bytesOfText(text).length <= 31);
}

function asSecondReader(member: TarMember, content: Uint8Array) {
  const { mode, uid, gid, size, target, owner = "", group = "", rdev = 0n } = member;
  return {
    ...{ path: textOfBytes(member.path), type: member.type, mode, uid, gid, size, content },
    seconds: Number(member.mtime / 1_000_000_000n),
    target: target === undefined ? "" : textOfBytes(target),
    ...{ owner, group, major: Number(rdev >> 32n), minor: Number(rdev & 0xffffffffn) },
  };
}

Deno.test("a path that ustar holds needs no pax, whatever its bytes; a longer one does", () => {
  const blocks = (path: string) => tarHeader(fileMember(path)).length / BLOCK;
  assert.equal(blocks("x".repeat(100)), 1);
  assert.equal(blocks("x".repeat(101)), 3);
  assert.equal(blocks("\udcff".repeat(100)), 1);
  assert.equal(blocks(`${"p".repeat(155)}/${"n".repeat(100)}`), 1);
  assert.equal(blocks(`${"p".repeat(156)}/${"n".repeat(99)}`), 3);
  assert.equal(blocks(`${"p".repeat(154)}/${"n".repeat(101)}`), 3);
  assert.equal(blocks(`${"p/".repeat(77)}p/${"n".repeat(100)}`), 1);
  assert.equal(blocks(`/${"n".repeat(100)}`), 3, "a prefix is never empty");
  const folder = fileMember(`${"f".repeat(100)}/`, { type: "folder" });
  assert.equal(tarHeader(folder).length / BLOCK, 3, "the name behind a prefix is never empty");
});

Deno.test("a time is in pax where it has a fraction, is before 1970 or beyond eleven octal digits", () => {
  const blocks = (mtime: bigint) => tarHeader(fileMember("a", { mtime })).length / BLOCK;
  const most = (8n ** 11n - 1n) * 1_000_000_000n;
  assert.deepEqual([0n, most].map(blocks), [1, 1]);
  assert.deepEqual([1n, -1n, -1_000_000_000n, most + 1_000_000_000n].map(blocks), [3, 3, 3, 3]);
});

Deno.test("sizes beyond 8 GiB are read back, though no pack has them", () => {
  for (const size of [8 ** 11 - 1, 8 ** 11, Number.MAX_SAFE_INTEGER]) {
    const [event] = tarReader().push(tarHeader(fileMember("large", { size })));
    assert.equal(event.kind === "member" && event.member.size, size);
  }
});

Deno.test("what no TAR can hold is refused", () => {
  const refused: TarMember[] = [
    fileMember(""),
    fileMember("folder/"),
    fileMember("file", { type: "folder" }),
    fileMember("a", { size: -1 }),
    fileMember("a", { size: 1.5 }),
    fileMember("a", { type: "fifo", size: 1 }),
    fileMember("a", { type: "symlink" }),
    fileMember("a", { target: bytesOfText("b") }),
  ];
  for (const member of refused) assert.throws(() => tarHeader(member), RangeError);
});

Deno.test("the bytes of headers are as written down", () => {
  const ns = { mtime: 1_700_000_000_123_456_789n };
  const examples: TarMember[] = [
    fileMember("a/b", { owner: "me", group: "us", uid: 1000, gid: 100, size: 5 }),
    fileMember("a/b", { ...ns, birth: -1_500_000_000n, sparse: true }),
    fileMember(`${"long".repeat(30)}\udcff`, { uid: 4_000_000_000 }),
    fileMember("a/", { type: "folder", mode: 0o1777 }),
    fileMember("a/l", { type: "symlink", target: bytesOfText("to") }),
    fileMember("a/dev", { type: "block", rdev: (259n << 32n) | 7n }),
    fileMember("a/x", {
      attributes: [{ name: bytesOfText("user.a=b%c"), value: Uint8Array.of(0, 10, 255) }],
    }),
  ];
  assertGolden("tar_headers.txt", examples.map((member) => linesOf(tarHeader(member))).join("\n"));
});

/** 64 bytes a line as text, without the lines that are all zeros. */
function linesOf(header: Uint8Array): string {
  let text = "";
  for (let at = 0; at < header.length; at += 64) {
    const line = header.subarray(at, at + 64);
    if (line.every((byte) => byte === 0)) continue;
    const shown = Array.from(line, (byte) => {
      if (byte === 0x5c || byte < 0x20 || byte > 0x7e) {
        return `\\x${byte.toString(16).padStart(2, "0")}`;
      }
      return String.fromCharCode(byte);
    });
    text += `${String(at).padStart(4, "0")} ${shown.join("")}\n`;
  }
  return text;
}
