/** What every target of a restore does; the same for Linux's own and the portable one. */
import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import type { EntryStat } from "../../src/core/stat_record.ts";
import { libc } from "../../src/libc/libc.ts";
import { openLocalTarget } from "../../src/targets/local/local_target.ts";
import type { RestoreTarget } from "../../src/ports/restore_target.ts";
import { oddNames, onLinux, shell, withFolder } from "../sources/tree_tools.ts";

contract("linux");
contract("portable");

const MTIME = 981173106_123000000n;
const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));

/** Metadata that whoever runs the tests may set. */
function statOf(type: EntryStat["type"], changes: Partial<EntryStat> = {}): EntryStat {
  return {
    type,
    sparse: false,
    mode: type === "folder" ? 0o750 : 0o640,
    uid: Deno.uid() ?? 0,
    gid: Deno.gid() ?? 0,
    fileId: 1n,
    size: 0n,
    mtime: MTIME,
    ctime: 0n,
    birth: 0n,
    rdev: 0n,
    ...changes,
  };
}

function contract(kind: "linux" | "portable"): void {
  const ignore = kind === "linux" && libc() === null;

  function test(
    name: string,
    fn: (target: RestoreTarget, folder: string) => void | Promise<void>,
  ): void {
    const within = (base: string) => withTarget(`${base}/to/here`, fn);
    Deno.test({ name: `${kind} target: ${name}`, ignore, fn: () => withFolder(within) });
  }

  async function withTarget(
    folder: string,
    fn: (target: RestoreTarget, folder: string) => void | Promise<void>,
  ): Promise<void> {
    const target = openLocalTarget(folder, { target: kind, random });
    try {
      await fn(target, folder);
    } finally {
      target.close();
    }
  }

  function write(target: RestoreTarget, path: string, content: string, replace = false): string[] {
    const file = target.createFile(path);
    file.write(new TextEncoder().encode(content));
    return file.finish(statOf("file"), [], { replace });
  }

  async function contentOf(target: RestoreTarget, path: string): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const part of target.readFile(path)) parts.push(part);
    return await new Blob(parts as BlobPart[]).text();
  }

  test(
    "a file gets its content, mode and time, and leaves no temporary name",
    async (target, folder) => {
      assert.deepEqual(write(target, "file", "hello"), []);
      const there = target.lookAt("file")!;
      assert.deepEqual([there.type, there.size, there.mtime], ["file", 5n, MTIME]);
      if (Deno.build.os !== "windows") assert.equal(there.mode, 0o640);
      assert.equal(await contentOf(target, "file"), "hello");
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
    },
  );

  test("a folder gets its metadata after its content", (target) => {
    target.makeFolder("a");
    target.makeFolder("a/b");
    write(target, "a/b/c", "x");
    assert.deepEqual(target.finishFolder("a/b", statOf("folder"), []), []);
    assert.deepEqual(target.finishFolder("a", statOf("folder"), []), []);
    const there = target.lookAt("a")!;
    assert.deepEqual([there.type, there.mtime], ["folder", MTIME]);
    if (Deno.build.os !== "windows") assert.equal(there.mode, 0o750);
    target.makeFolder("a");
    assert.equal(target.lookAt("a/b/c")!.size, 1n);
  });

  test("nothing is there where nothing is", (target) => {
    assert.equal(target.lookAt("none"), undefined);
    assert.equal(target.lookAt("none/below"), undefined);
  });

  test("what is there is replaced only where that is wanted", async (target, folder) => {
    write(target, "file", "first");
    assert.throws(() => write(target, "file", "second"), (error) => isKind(error, "entry"));
    assert.equal(await contentOf(target, "file"), "first");
    assert.deepEqual(write(target, "file", "third", true), []);
    assert.equal(await contentOf(target, "file"), "third");
    target.makeFolder("folder");
    assert.throws(() => write(target, "folder", "x", true), (error) => isKind(error, "entry"));
    assert.equal([...Deno.readDirSync(folder)].length, 2);
  });

  test(
    "a symlink is made, replaced as itself, and never written through",
    async (target, folder) => {
      write(target, "file", "kept");
      assert.deepEqual(target.makeSymlink("link", "file", statOf("symlink"), []), []);
      assert.equal(Deno.readLinkSync(`${folder}/link`), "file");
      assert.deepEqual([target.lookAt("link")!.type, target.lookAt("link")!.mtime], [
        "symlink",
        MTIME,
      ]);
      const again = () => target.makeSymlink("link", "x", statOf("symlink"), []);
      assert.throws(again, (error) => isKind(error, "entry"));
      await assert.rejects(() => contentOf(target, "link"), (error) => isKind(error, "entry"));
      write(target, "link", "new", true);
      assert.equal(target.lookAt("link")!.type, "file");
      assert.equal(await contentOf(target, "file"), "kept");
    },
  );

  test("no component that is a symlink is followed, whatever is done", async (target, folder) => {
    const outside = `${folder}/../outside`;
    Deno.mkdirSync(outside);
    Deno.writeTextFileSync(`${outside}/file`, "outside");
    target.makeFolder("real");
    write(target, "real/file", "inside");
    Deno.symlinkSync(outside, `${folder}/out`);
    Deno.mkdirSync(`${folder}/deep`);
    Deno.symlinkSync("../../outside", `${folder}/deep/out`);
    for (const path of ["out/file", "deep/out/file", "out/new", "out/sub/new"]) {
      const acts: [string, () => unknown][] = [
        ["look", () => target.lookAt(path)],
        ["folder", () => target.makeFolder(path)],
        ["file", () => target.createFile(path)],
        ["symlink", () => target.makeSymlink(path, "x", statOf("symlink"), [])],
        ["special", () => target.makeSpecial(path, statOf("fifo"), [])],
        ["link to", () => target.makeLink(path, "real/file")],
        ["link from", () => target.makeLink("stolen", path)],
        ["remove", () => target.remove(path)],
        ["finish", () => target.finishFolder(path, statOf("folder"), [])],
      ];
      for (const [what, act] of acts) {
        assert.throws(act, (error) => isKind(error, "entry"), `${what} ${path}`);
      }
      await assert.rejects(() => contentOf(target, path), (error) => isKind(error, "entry"));
    }
    assert.throws(() => target.makeFolder("out"), (error) => isKind(error, "entry"));
    assert.throws(() => target.sweep("out/sub"), (error) => isKind(error, "entry"));
    assert.deepEqual([...Deno.readDirSync(outside)].map(({ name }) => name), ["file"]);
    assert.equal(Deno.readTextFileSync(`${outside}/file`), "outside");
  });

  test(
    "a folder exchanged for a symlink while a file is written is not followed",
    (target, folder) => {
      const outside = `${folder}/../outside`;
      Deno.mkdirSync(outside);
      target.makeFolder("a");
      const file = target.createFile("a/file");
      file.write(new Uint8Array(10));
      Deno.renameSync(`${folder}/a`, `${folder}/aside`);
      Deno.symlinkSync(outside, `${folder}/a`);
      try {
        file.finish(statOf("file"), [], { replace: true });
      } catch (error) {
        assert.ok(isKind(error, "entry"));
      }
      assert.deepEqual([...Deno.readDirSync(outside)], []);
    },
  );

  test("paths that lead out of the target are refused", (target) => {
    for (const path of ["..", "../x", "a/../../x", "/etc/x", "", "a//b", "a\0", "."]) {
      assert.throws(() => target.createFile(path), (error) => isKind(error, "entry"), path);
      assert.throws(() => target.makeFolder(path), (error) => isKind(error, "entry"), path);
      assert.throws(() => target.remove(path), (error) => isKind(error, "entry"), path);
    }
  });

  test("hard links are made to a file of the restore, never over something", (target) => {
    write(target, "one", "x");
    target.makeFolder("d");
    target.makeLink("d/two", "one");
    assert.equal(target.lookAt("d/two")!.fileId, target.lookAt("one")!.fileId);
    assert.throws(() => target.makeLink("d/two", "one"), (error) => isKind(error, "entry"));
    assert.throws(() => target.makeLink("d/three", "none"), (error) => isKind(error, "entry"));
  });

  test("removes files and symlinks, never folders", (target) => {
    write(target, "file", "x");
    target.makeSymlink("link", "file", statOf("symlink"), []);
    target.makeFolder("folder");
    target.remove("link");
    target.remove("file");
    target.remove("none");
    assert.equal(target.lookAt("file"), undefined);
    assert.equal(target.lookAt("link"), undefined);
    assert.throws(() => target.remove("folder"), (error) => isKind(error, "entry"));
  });

  test("a sweep removes what a killed restore left, and nothing else", (target, folder) => {
    target.makeFolder("d");
    const killed = target.createFile("d/file");
    killed.write(new Uint8Array(3));
    write(target, "d/.holdfast-restore-mine", "kept");
    write(target, "d/kept", "kept");
    const names = () => [...Deno.readDirSync(`${folder}/d`)].map(({ name }) => name).sort();
    assert.equal(names().length, 3);
    target.sweep("d");
    assert.deepEqual(names(), [".holdfast-restore-mine", "kept"]);
    target.sweep("");
    killed.discard();
  });

  test("a discarded file leaves nothing", (target, folder) => {
    const file = target.createFile("file");
    file.write(new Uint8Array(3));
    file.discard();
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });

  test(
    "runs of zeros become holes where the file had holes, and only there",
    async (target, folder) => {
      const bytes = new Uint8Array(1024 * 1024);
      bytes.fill(1, 500_000, 500_100);
      for (const sparse of [true, false]) {
        const path = `sparse-${sparse}`;
        const file = target.createFile(path, { sparse });
        for (let at = 0; at < bytes.length; at += 70_001) {
          file.write(bytes.subarray(at, at + 70_001));
        }
        file.finish(statOf("file", { sparse }), [], { replace: false });
        assert.equal(Deno.lstatSync(`${folder}/${path}`).size, bytes.length);
        assert.deepEqual(Deno.readFileSync(`${folder}/${path}`), bytes);
        if (onLinux) shell(folder, `sync ${path}`);
        const { blocks } = Deno.lstatSync(`${folder}/${path}`);
        if (onLinux) assert.equal(blocks! * 512 < bytes.length, sparse);
        const parts: Uint8Array[] = [];
        for await (const part of target.readFile(path)) parts.push(part);
        assert.equal(parts.reduce((sum, part) => sum + part.length, 0), bytes.length);
      }
    },
  );

  test("odd names are kept", (target, folder) => {
    for (const name of oddNames) write(target, name, "x");
    const found = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(found, [...oddNames].sort());
  });

  test("times before 1970 are kept", (target, folder) => {
    const file = target.createFile("old");
    // Deno before 2.9 refuses fractions of a second before 1970; the portable target tells so.
    const mtime = kind === "linux" ? -86_400_500_000_000n : -86_400_000_000_000n;
    assert.deepEqual(file.finish(statOf("file", { mtime }), [], { replace: false }), []);
    if (kind === "linux") assert.equal(target.lookAt("old")!.mtime, mtime);
    // Deno before 2.9 reads such a time without its sign, so that stat(1) has to tell.
    else if (onLinux) assert.equal(shell(folder, "stat -c %Y old"), "-86400\n");
  });

  test("a target that cannot be made is a clear error", (_target, folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    assert.throws(
      () => openLocalTarget(`${folder}/file/x`, { target: kind, random }),
      (error) => isKind(error, "failed", "entry"),
    );
  });
}
