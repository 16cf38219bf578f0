/** A share as a source, from real Samba. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { isKind } from "../../src/core/error.ts";
import { recordAt } from "../../src/core/scan/listing.ts";
import { parseSmbUrl } from "../../src/core/smb_url.ts";
import { unpackStat } from "../../src/core/stat_record.ts";
import type { SourceRoot } from "../../src/ports/source.ts";
import { openShareSource } from "../../src/sources/smb/share_source.ts";
import { freePort } from "../servers/free_port.ts";
import type { Samba } from "../../scripts/samba_server.ts";
import { sambaFor } from "../servers/samba.ts";
import { loginOf, testChild, withSamba } from "../smb/share_fixture.ts";
import { entriesOf, shell } from "./tree_tools.ts";

function test(name: string, use: (samba: Samba) => Promise<void>): void {
  Deno.test(name, async () => await withSamba(await sambaFor(name), use));
}

interface Opening {
  readonly path?: string;
  readonly password?: string;
  readonly port?: number;
  readonly share?: string;
}

function sourceOf(samba: Samba, { path = "", password, port, share }: Opening = {}) {
  const { host, user } = samba;
  const url = `smb://${user}@${host}:${port ?? samba.port}/${share ?? samba.share}${path}`;
  const login = { ...(password === undefined ? {} : { password }), port: port ?? samba.port };
  return openShareSource({
    ...{ place: parseSmbUrl(url), command: testChild, connections: 2 },
    login: () => Promise.resolve(loginOf(samba, login)),
    signal: new AbortController().signal,
  });
}

async function withRoot(
  samba: Samba,
  use: (root: SourceRoot) => Promise<void>,
  opening: Opening = {},
): Promise<void> {
  const root = await sourceOf(samba, opening).open();
  try {
    await use(root);
  } finally {
    await root.close();
  }
}

async function rejectsWith(samba: Samba, opening: Opening, kind: string, message: RegExp) {
  await assert.rejects(async () => await sourceOf(samba, opening).open(), (error) => {
    assert.ok(error instanceof Error && "kind" in error && "hint" in error);
    assert.deepEqual([error.kind, message.test(error.message)], [kind, true], error.message);
    assert.equal(typeof error.hint, "string");
    return true;
  });
}

test("a tree is walked from its root, and each file is read", (samba) => {
  shell(samba.data, "mkdir -p a/b c; echo one > a/1; echo two > a/b/2; : > c/empty");
  return withRoot(samba, async (root) => {
    assert.equal(root.single, false);
    assert.equal(unpackStat(root.stat).type, "folder");
    const found: string[] = [];
    const walk = async (folder: SourceRoot["folder"], path: string) => {
      for (const { name, stat } of entriesOf(await folder.list())) {
        found.push(`${path}${name}`);
        if (stat.type !== "folder") continue;
        const inner = folder.enter(name);
        await walk(inner, `${path}${name}/`);
        inner.close();
      }
    };
    await walk(root.folder, "");
    assert.deepEqual(found, ["a", "a/1", "a/b", "a/b/2", "c", "c/empty"]);
    for (const [path, content] of [["a/1", "one\n"], ["a/b/2", "two\n"], ["c/empty", ""]]) {
      const file = await root.openFile(path);
      const buffer = new Uint8Array(100);
      const length = await file.read(buffer);
      assert.equal(new TextDecoder().decode(buffer.subarray(0, length)), content);
      assert.equal(await file.read(buffer), 0);
      file.close();
    }
  });
});

test("a large file comes in buffers of any size, and its stat is the listing's", (samba) => {
  const content = new Uint8Array(40 * 1024 * 1024 + 13).map((_, i) => i * 31 >> 5);
  Deno.writeFileSync(`${samba.data}/large`, content);
  return withRoot(samba, async (root) => {
    const record = recordAt(await root.folder.list(), 0);
    for (const size of [16 * 1024 * 1024, 5_000_001, content.length]) {
      const file = await root.openFile("large", { record });
      const parts: Uint8Array[] = [];
      for (;;) {
        const buffer = new Uint8Array(size);
        const length = await file.read(buffer);
        if (length === 0) break;
        parts.push(buffer.subarray(0, length));
      }
      assert.ok(Buffer.concat(parts).equals(content));
      assert.deepEqual(await file.stat(), record);
      file.close();
    }
  });
});

test("a file that changed since it was seen says so after it was read", (samba) => {
  const path = `${samba.data}/file`;
  Deno.writeTextFileSync(path, "before");
  return withRoot(samba, async (root) => {
    const record = recordAt(await root.folder.list(), 0).slice();
    Deno.writeTextFileSync(path, "after it");
    const buffer = new Uint8Array(100);
    const file = await root.openFile("file", { record });
    assert.deepEqual(await file.stat(), record);
    assert.equal(await file.read(buffer), 6);
    const now = unpackStat(await file.stat());
    assert.deepEqual([now.size, now.birth], [8n, unpackStat(record).birth]);
    const again = await root.openFile("file", { record, stale: true });
    assert.equal(unpackStat(await again.stat()).size, 8n);
    assert.equal(await again.read(buffer), 8);
    Deno.truncateSync(path, 3);
    const shorter = await root.openFile("file", { record });
    assert.equal(await shorter.read(buffer), 3);
    assert.equal(await shorter.read(buffer), 0);
    assert.equal(unpackStat(await shorter.stat()).size, 3n);
  });
});

test("a file is read on where the server was killed and started again in the middle", (samba) => {
  const content = new Uint8Array(40 * 1024 * 1024).map((_, i) => i * 31 >> 5);
  Deno.writeFileSync(`${samba.data}/large`, content);
  return withRoot(samba, async (root) => {
    const record = recordAt(await root.folder.list(), 0);
    const file = await root.openFile("large", { record });
    const parts: Uint8Array[] = [];
    for (;;) {
      const buffer = new Uint8Array(1024 * 1024);
      const length = await file.read(buffer);
      if (length === 0) break;
      parts.push(buffer.subarray(0, length));
      if (parts.length !== 3) continue;
      await samba.kill();
      await samba.start();
    }
    assert.ok(Buffer.concat(parts).equals(content));
    assert.deepEqual(await file.stat(), record);
  });
});

test("a folder and a file of a share are sources, too", (samba) => {
  shell(
    samba.data,
    "mkdir -p 'My Photos/2026'; echo sea > 'My Photos/2026/sea.txt'; echo x > other",
  );
  return withRoot(samba, async (root) => {
    assert.deepEqual(entriesOf(await root.folder.list()).map(({ name }) => name), ["sea.txt"]);
    assert.ok(await root.statAt("sea.txt") !== undefined);
    assert.equal(await root.statAt("none"), undefined);
    const { fileSystem } = root.folder;
    await withRoot(samba, async (file) => {
      assert.equal(file.single, true);
      assert.equal(file.folder.fileSystem, fileSystem);
      const [entry, ...rest] = entriesOf(await file.folder.list());
      assert.deepEqual([entry.name, entry.stat.size, rest], ["sea.txt", 4n, []]);
      const buffer = new Uint8Array(10);
      assert.equal(await (await file.openFile("sea.txt")).read(buffer), 4);
      Deno.removeSync(`${samba.data}/My Photos/2026/sea.txt`);
    }, { path: "/My%20Photos/2026/sea.txt" });
  }, { path: "/My Photos/2026" });
});

test("the share is known by server, share and the file id of its root", async (samba) => {
  const inode = Deno.statSync(samba.data).ino!.toString(16);
  await withRoot(samba, (root) => {
    const { fileSystem } = root.folder;
    assert.equal(fileSystem, `smb:${samba.host}:${samba.port}/${samba.share}:${inode}`);
    return Promise.resolve();
  });
});

test("a symlink to a folder above is an entry with nothing below it", (samba) => {
  shell(
    samba.data,
    "mkdir -p a/b; ln -s .. a/up; ln -s ../.. a/b/top; ln -s b a/beside; echo x > a/b/f",
  );
  return withRoot(samba, async (root) => {
    await root.folder.list();
    const a = root.folder.enter("a");
    assert.deepEqual(entriesOf(await a.list()).map(({ name }) => name), ["b", "beside", "up"]);
    assert.equal((await a.enter("up").list()).count, 0);
    const b = a.enter("b");
    assert.deepEqual(entriesOf(await b.list()).map(({ name }) => name), ["f", "top"]);
    assert.equal((await b.enter("top").list()).count, 0);
    assert.equal((await a.enter("beside").list()).count, 2);
    assert.throws(() => a.enter("none"), (error) => isKind(error, "entry"));
  });
});

test("what keeps a share from being opened is named, with what to do", async (samba) => {
  Deno.writeTextFileSync(`${samba.data}/file`, "");
  await rejectsWith(samba, { password: "wrong" }, "denied", /refuses data as/);
  await rejectsWith(samba, { share: "none" }, "gone", /has no share none$/);
  await rejectsWith(samba, { path: "/none" }, "gone", /is not there: .*data\/none$/);
  await rejectsWith(samba, { path: "/file/below" }, "gone", /is not there/);
  await rejectsWith(samba, { port: freePort() }, "unreachable", /cannot reach .*ECONNREFUSED/);
});

test("a folder that vanished or may not be read is an entry error, the rest goes on", (samba) => {
  shell(samba.data, "mkdir gone kept; echo x > kept/f");
  return withRoot(samba, async (root) => {
    await root.folder.list();
    Deno.removeSync(`${samba.data}/gone`);
    // It may have been listed ahead.
    const listed = Promise.resolve(root.folder.enter("gone").list());
    assert.equal(
      await listed.then(({ count }) => count, (error) => isKind(error, "entry") ? 0 : 1),
      0,
    );
    assert.equal((await root.folder.enter("kept").list()).count, 1);
  });
});
