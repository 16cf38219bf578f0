/** What every walker of local folders does; the same for Linux's own and the portable one. */
import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { bytesOfText, compareBytes, hasRawBytes } from "../../src/core/path_text.ts";
import { unpackStat } from "../../src/core/stat_record.ts";
import { libc } from "../../src/libc/libc.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import type { DirectRoot } from "../../src/ports/source.ts";
import {
  canMakeDevices,
  entriesOf,
  everyByteName,
  oddNames,
  onLinux,
  runWithoutRights,
  shell,
  touchAll,
  withFolder,
} from "./tree_tools.ts";

contract("linux");
contract("portable");

function contract(walker: "linux" | "portable"): void {
  const ignore = walker === "linux" && libc() === null;

  function test(name: string, fn: (folder: string) => void | Promise<void>): void {
    Deno.test({ name: `${walker} walker: ${name}`, ignore, fn: () => withFolder(fn) });
  }

  /** Tests that make their tree with a shell and what only Unix has. */
  function unixTest(name: string, fn: (folder: string) => void | Promise<void>): void {
    const title = `${walker} walker: ${name}`;
    Deno.test({ name: title, ignore: ignore || !onLinux, fn: () => withFolder(fn) });
  }

  async function withRoot(path: string, use: (root: DirectRoot) => void | Promise<void>) {
    const root = openLocalSource(path, { walker }).open();
    try {
      await use(root);
    } finally {
      root.close();
    }
  }

  test("lists files and folders with their stat", (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "hello");
    Deno.mkdirSync(`${folder}/sub`);
    return withRoot(folder, (root) => {
      assert.equal(root.single, false);
      assert.equal(unpackStat(root.stat).type, "folder");
      const [file, sub] = entriesOf(root.folder.list());
      assert.deepEqual([file.name, file.stat.type, file.stat.size], ["file", "file", 5n]);
      assert.deepEqual([sub.name, sub.stat.type, sub.stat.size], ["sub", "folder", 0n]);
      assert.deepEqual([file.links, sub.links, file.mount, sub.mount], [1, 1, 0, 0]);
      assert.notEqual(file.stat.fileId, sub.stat.fileId);
      const mtime = BigInt(Deno.lstatSync(`${folder}/file`).mtime!.getTime());
      assert.equal(file.stat.mtime / 1_000_000n, mtime);
    });
  });

  test("an empty folder has no entries", (folder) =>
    withRoot(folder, (root) => {
      const listing = root.folder.list();
      assert.equal(listing.count, 0);
      assert.deepEqual([listing.names.length, listing.stats.length], [0, 0]);
    }));

  unixTest("names come in byte order and with every byte, or are told as failed", (folder) => {
    const names = [...new Set([...oddNames, ...everyByteName()])];
    touchAll(folder, names);
    return withRoot(folder, (root) => {
      const listing = root.folder.list();
      const found = entriesOf(listing).map(({ name }) => name);
      const raw = names.filter(hasRawBytes);
      const expected = (walker === "linux" ? names : names.filter((name) => !hasRawBytes(name)))
        .sort((a, b) => compareBytes(bytesOfText(a), bytesOfText(b)));
      assert.deepEqual(found, expected);
      if (walker === "linux") assert.deepEqual(listing.failed, []);
      else checkRawNamesFailed(listing.failed, raw.length);
    });
  });

  unixTest("a raw name beside one that decodes alike is never taken for it", (folder) => {
    touchAll(folder, ["a\udcff", "a\ufffd"]);
    return withRoot(folder, (root) => {
      const listing = root.folder.list();
      const found = entriesOf(listing).map(({ name }) => name);
      assert.deepEqual(found, walker === "linux" ? ["a\ufffd", "a\udcff"] : ["a\ufffd"]);
      if (walker === "portable") checkRawNamesFailed(listing.failed, 1);
    });
  });

  unixTest("symlinks, FIFOs and hard links are entries, sockets are not", async (folder) => {
    shell(folder, "mkfifo fifo; ln -s nowhere dangling; echo x > one; ln one two");
    const socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
    await withRoot(folder, (root) => {
      const entries = entriesOf(root.folder.list());
      const types = entries.map(({ name, stat }) => `${name} ${stat.type}`);
      assert.deepEqual(types, ["dangling symlink", "fifo fifo", "one file", "two file"]);
      const [dangling, , one, two] = entries;
      assert.equal(dangling.stat.size, 0n);
      assert.deepEqual([one.links, two.links], [2, 2]);
      assert.equal(one.stat.fileId, two.stat.fileId);
      assert.equal(root.folder.readTarget("dangling"), "nowhere");
      assert.equal(root.readTarget("dangling"), "nowhere");
      assert.throws(() => root.folder.readTarget("one"), (error) => isKind(error, "entry"));
    });
    socket.close();
  });

  unixTest("devices are entries with their numbers", (folder) => {
    if (!canMakeDevices(`${walker} walker: devices`, folder)) return;
    shell(folder, "mknod char c 1 3; mknod block b 259 1048575");
    return withRoot(folder, (root) => {
      const [block, char] = entriesOf(root.folder.list());
      assert.deepEqual([block.stat.type, block.stat.rdev], ["block", 259n << 32n | 1048575n]);
      assert.deepEqual([char.stat.type, char.stat.rdev], ["char", 1n << 32n | 3n]);
    });
  });

  unixTest("a file with holes is marked sparse", (folder) => {
    shell(folder, "truncate -s 1M sparse; head -c 65536 /dev/urandom > full; sync full");
    return withRoot(folder, (root) => {
      const [full, sparse] = entriesOf(root.folder.list());
      assert.deepEqual([full.stat.sparse, sparse.stat.sparse], [false, true]);
    });
  });

  test("walks down by entering, and lists a folder again", (folder) => {
    Deno.mkdirSync(`${folder}/a/b`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/a/b/c`, "");
    return withRoot(folder, (root) => {
      const a = root.folder.enter("a");
      const b = a.enter("b");
      assert.deepEqual(entriesOf(b.list()).map(({ name }) => name), ["c"]);
      Deno.writeTextFileSync(`${folder}/a/b/d`, "");
      assert.deepEqual(entriesOf(b.list()).map(({ name }) => name), ["c", "d"]);
      assert.equal(b.fileSystem, root.folder.fileSystem);
      assert.ok(b.racyWindow > 0n);
      b.close();
      a.close();
    });
  });

  test("what cannot be entered is an entry error", (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    Deno.mkdirSync(`${folder}/gone`);
    Deno.symlinkSync("gone", `${folder}/link`);
    return withRoot(folder, (root) => {
      const gone = root.folder.enter("gone");
      for (const name of ["file", "link", "none", "..", "a/b", ""]) {
        assert.throws(() => root.folder.enter(name), (error) => isKind(error, "entry"), name);
      }
      Deno.removeSync(`${folder}/link`);
      Deno.removeSync(`${folder}/gone`);
      // Removed in the middle of the walk: empty to the one, an error to the other.
      try {
        assert.equal(gone.list().count, 0);
      } catch (error) {
        assert.ok(isKind(error, "entry"));
      }
      gone.close();
    });
  });

  test("reads a file's content to its end, in small pieces and in large ones", (folder) => {
    const content = new Uint8Array(3 * 1024 * 1024 + 7).map((_, i) => i * 31 >> 3);
    Deno.mkdirSync(`${folder}/sub`);
    Deno.writeFileSync(`${folder}/sub/file`, content);
    return withRoot(folder, async (root) => {
      for (const size of [100_000, 1024 * 1024, 5 * 1024 * 1024]) {
        const file = root.openFile("sub/file");
        assert.equal(unpackStat(file.stat()).size, BigInt(content.length));
        const buffer = new Uint8Array(size);
        const parts: Uint8Array[] = [];
        for (;;) {
          const length = await file.read(buffer);
          parts.push(buffer.slice(0, length));
          if (length < size) break;
        }
        assert.equal(await file.read(buffer), 0);
        file.close();
        assert.ok(new Blob(parts as BlobPart[]).size === content.length);
        const whole = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
        assert.equal(compareBytes(whole, content), 0);
      }
    });
  });

  test("the handle's stat equals the listing's", (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "x");
    return withRoot(folder, (root) => {
      const file = root.openFile("file");
      assert.deepEqual(file.stat(), root.folder.list().stats.slice(0, 64));
      file.close();
    });
  });

  unixTest("no symlink is followed to a file, and nothing else is opened for one", (folder) => {
    shell(folder, "mkdir real; echo x > real/file; ln -s real link; ln -s real/file f; mkfifo p");
    return withRoot(folder, (root) => {
      for (const path of ["link/file", "f", "p", "real", "none", "../x", "real/../real/file"]) {
        assert.throws(() => root.openFile(path), (error) => isKind(error, "entry"), path);
      }
      assert.throws(() => root.readTarget("link/none"), (error) => isKind(error, "entry"));
    });
  });

  test("a single file is a root with one entry", (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "hello");
    Deno.writeTextFileSync(`${folder}/other`, "");
    return withRoot(`${folder}/file`, async (root) => {
      assert.equal(root.single, true);
      assert.equal(unpackStat(root.stat).type, "folder");
      const [entry, ...rest] = entriesOf(root.folder.list());
      assert.deepEqual([entry.name, entry.stat.size, rest], ["file", 5n, []]);
      const file = root.openFile("file");
      const buffer = new Uint8Array(100);
      assert.equal(await file.read(buffer), 5);
      file.close();
      Deno.removeSync(`${folder}/file`);
      assert.equal(root.folder.list().count, 0);
    });
  });

  test("a source that is not there is gone", (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    for (const path of [`${folder}/none`, `${folder}/file/below`]) {
      const source = openLocalSource(path, { walker });
      assert.throws(() => source.open(), (error) => isKind(error, "gone"), path);
    }
  });

  test("a symlink to a folder is followed as a source, a dangling one is one entry", (folder) => {
    Deno.mkdirSync(`${folder}/real`);
    Deno.writeTextFileSync(`${folder}/real/file`, "");
    Deno.symlinkSync("real", `${folder}/link`);
    Deno.symlinkSync("none", `${folder}/dangling`);
    return withRoot(`${folder}/link/`, async (root) => {
      assert.deepEqual(entriesOf(root.folder.list()).map(({ name }) => name), ["file"]);
      await withRoot(`${folder}/dangling`, (single) => {
        const entries = entriesOf(single.folder.list());
        assert.deepEqual(entries.map(({ stat }) => stat.type), ["symlink"]);
      });
    });
  });

  unixTest("what may not be read or looked into is told, entry by entry", (folder) => {
    shell(
      folder,
      "mkdir shut blind; touch blind/file secret; chmod 0 shut secret; chmod 600 blind",
    );
    const script = new URL("list_without_rights.ts", import.meta.url).pathname;
    const output = runWithoutRights(["dac_override", "dac_read_search"], script, [folder, walker]);
    if (output === undefined) return;
    const told = JSON.parse(output);
    assert.match(told.shut, /^entry: cannot (open|read) the folder.*[Pp]ermission denied$/);
    assert.match(told.file, /^entry: cannot open secret: .*[Pp]ermission denied$/);
    assert.equal(told.count, 0);
    assert.equal(told.blind[0].name, "file");
    assert.match(told.blind[0].reason, /[Pp]ermission denied/);
  });
}

/** Deno before 2.9 leaves such entries out of its listing; later ones have all of them here. */
function checkRawNamesFailed(failed: readonly { name: string; reason: string }[], raw: number) {
  assert.ok(failed.length === raw || failed.length === 0, `${failed.length} of ${raw}`);
  for (const { name, reason } of failed) {
    assert.ok(name.includes("\ufffd"));
    assert.match(reason, /not UTF-8/);
  }
}
