import assert from "node:assert/strict";
import fc from "fast-check";
import { isKind } from "../../src/core/error.ts";
import { unpackStat } from "../../src/core/stat_record.ts";
import { isKept } from "../../src/libc/attributes.ts";
import { cName, cPath, cString } from "../../src/libc/c_string.ts";
import { ELOOP, ENOENT, ENOSPC, ENOTDIR, entryError, errnoText } from "../../src/libc/errno.ts";
import { libc } from "../../src/libc/libc.ts";
import { openBeneath, openByComponents } from "../../src/libc/open_beneath.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, O_RDONLY } from "../../src/libc/open_flags.ts";
import { recordOf } from "../../src/libc/statx.ts";
import { makeChain, withFolder } from "../sources/tree_tools.ts";

/** struct statx of a regular file with this modification time. */
function statxWith(seconds: bigint, nanoseconds: number): Uint32Array {
  const words = new Uint32Array(64);
  words[7] = 0o100644;
  const view = new DataView(words.buffer);
  view.setBigInt64(112, seconds, true);
  view.setUint32(120, nanoseconds, true);
  return words;
}

Deno.test("times are exact to the nanosecond, before 1970 and after 2106 too", () => {
  const seconds = fc.oneof(
    fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
    fc.bigInt({ min: -9_000_000_000n, max: 9_000_000_000n }),
  );
  const nanoseconds = fc.integer({ min: 0, max: 999_999_999 });
  fc.assert(
    fc.property(seconds, nanoseconds, (s, ns) => {
      assert.equal(unpackStat(recordOf(statxWith(s, ns))).mtime, s * 1_000_000_000n + BigInt(ns));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("an error says what happened to what, and a full disk is told from the rest", () => {
  const error = entryError("read", "a\nb", ENOENT);
  assert.equal(error.message, "cannot read a\\x0ab: ENOENT: no such file or folder");
  assert.equal(error.kind, "entry");
  assert.equal(entryError("write", "a", ENOSPC).kind, "disk-full");
  assert.equal(errnoText(999), "errno 999");
});

Deno.test("what is no name or path below a root never reaches the kernel", () => {
  for (const name of ["", ".", "..", "a/b", "a\0b"]) {
    assert.throws(() => cName(name), (error) => isKind(error, "entry"), name);
  }
  for (const path of ["", "/a", "a/", "a//b", "a/../b", "..", "./a", "a\0"]) {
    assert.throws(() => cPath(path), (error) => isKind(error, "entry"), path);
  }
  assert.deepEqual(cPath("...a/b.."), cString("...a/b.."));
});

Deno.test("only attributes that mean the same elsewhere are kept", () => {
  const kept = ["user.a", "trusted.b", "security.capability", "system.posix_acl_access"];
  assert.deepEqual(kept.filter(isKept), kept);
  assert.deepEqual(["security.selinux", "security.ima", "system.nfs4_acl"].filter(isKept), []);
});

for (const opener of [openBeneath, openByComponents]) {
  Deno.test({
    name: `${opener.name}: a path is opened below its folder only, whatever symlinks are there`,
    ignore: libc() === null,
    fn: () =>
      withFolder((folder) => {
        Deno.mkdirSync(`${folder}/a/b`, { recursive: true });
        Deno.writeTextFileSync(`${folder}/a/b/file`, "");
        Deno.symlinkSync("/etc", `${folder}/a/out`);
        Deno.symlinkSync("b", `${folder}/a/within`);
        makeChain(`${folder}/a`, 30, "n".repeat(200));
        const calls = libc()!;
        const root = calls.call.openat(AT_FDCWD, cString(folder), O_PATH | O_DIRECTORY, 0);
        const open = (path: string) => {
          const fd = opener(calls, root, cPath(path), O_RDONLY);
          if (fd >= 0) calls.call.close(fd);
          return fd;
        };
        assert.ok(open("a/b/file") >= 0);
        assert.ok(open(`a/${`${"n".repeat(200)}/`.repeat(30)}end`) >= 0);
        for (const path of ["a/out/passwd", "a/within/file", "a/within"]) {
          assert.ok([-ELOOP, -ENOTDIR].includes(open(path)), path);
        }
        assert.equal(open("a/none"), -ENOENT);
        calls.call.close(root);
      }),
  });
}
