/** What only Linux's own walker keeps. */
import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { libc } from "../../src/libc/libc.ts";
import type { DirectFolder, DirectRoot } from "../../src/ports/source.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import { entriesOf, hasCommand, makeChain, run, shell, withFolder } from "./tree_tools.ts";

function test(name: string, fn: (folder: string) => void | Promise<void>): void {
  Deno.test({ name: `linux walker: ${name}`, ignore: libc() === null, fn: () => withFolder(fn) });
}

async function withRoot(path: string, use: (root: DirectRoot) => void | Promise<void>) {
  const root = openLocalSource(path, { walker: "linux" }).open();
  try {
    await use(root);
  } finally {
    root.close();
  }
}

function enterAll(root: DirectRoot, name: string, depth: number): DirectFolder[] {
  const folders = [root.folder];
  for (let i = 0; i < depth; i++) folders.push(folders.at(-1)!.enter(name));
  return folders;
}

test("times are kept to the nanosecond, before 1970 too", (folder) => {
  shell(folder, "touch -d '2001-02-03 04:05:06.123456789 UTC' a; touch -d '1969-12-31 UTC' b");
  return withRoot(folder, (root) => {
    const [a, b] = entriesOf(root.folder.list());
    assert.equal(a.stat.mtime, 981173106_123456789n);
    assert.equal(b.stat.mtime, -86400_000000000n);
    assert.ok(a.stat.ctime > a.stat.mtime);
  });
});

test("set-id bits and owners are kept", (folder) => {
  shell(folder, "touch f; chmod 6751 f; mkdir d; chmod 1777 d");
  return withRoot(folder, (root) => {
    const [d, f] = entriesOf(root.folder.list());
    assert.deepEqual([d.stat.mode, f.stat.mode], [0o1777, 0o6751]);
    assert.deepEqual([f.stat.uid, f.stat.gid], [Deno.uid()!, Deno.gid()!]);
  });
});

test("extended attributes and ACLs are read, of files, folders and symlinks", (folder) => {
  if (!hasCommand("extended attributes", "setfattr") || !hasCommand("ACLs", "setfacl")) return;
  shell(
    folder,
    `mkdir d; touch d/f; ln -s f d/l; setfattr -n user.b -v two d/f; setfattr -n user.a -v '' d/f
     setfacl -m u:4711:r d/f; setfacl -d -m g:4712:rx d`,
  );
  return withRoot(folder, (root) => {
    const names = (path: string) => root.readAttributes(path).map(({ name }) => name);
    assert.deepEqual(names("d/f"), ["system.posix_acl_access", "user.a", "user.b"]);
    assert.deepEqual(names("d/l"), []);
    assert.deepEqual(names("d"), ["system.posix_acl_default"]);
    const d = root.folder.enter("d");
    assert.deepEqual(d.readAttributes("f"), root.readAttributes("d/f"));
    assert.deepEqual(d.readAttributes(""), root.readAttributes("d"));
    const values = d.readAttributes("f").slice(1).map(({ value }) =>
      new TextDecoder().decode(value)
    );
    assert.deepEqual(values, ["", "two"]);
    d.close();
    assert.throws(() => root.readAttributes("d/none"), (error) => isKind(error, "entry"));
  });
});

test("symlink targets are kept byte by byte", (folder) => {
  shell(folder, `ln -s "$(printf 'to\\377\\n/x')" link`);
  return withRoot(folder, (root) => {
    assert.equal(root.folder.readTarget("link"), "to\udcff\n/x");
  });
});

test("a tree deeper than PATH_MAX is walked to its end, and its deepest file read", (folder) => {
  const name = "n".repeat(200);
  makeChain(folder, 40, name);
  return withRoot(folder, async (root) => {
    const folders = enterAll(root, name, 40);
    assert.deepEqual(entriesOf(folders.at(-1)!.list()).map((entry) => entry.name), ["end"]);
    const file = root.openFile(`${`${name}/`.repeat(40)}end`);
    const buffer = new Uint8Array(10);
    assert.equal(await file.read(buffer), 5);
    file.close();
    assert.deepEqual(root.readAttributes(`${`${name}/`.repeat(40)}end`), []);
    folders.reverse().forEach((it) => it.close());
  });
});

test("a tree deeper than there are handles is walked down and up again", (folder) => {
  makeChain(folder, 700, "d");
  return withRoot(folder, (root) => {
    const before = openHandles(folder);
    const folders = enterAll(root, "d", 700);
    assert.ok(openHandles(folder) - before <= 260, `${openHandles(folder) - before} handles`);
    for (const at of [700, 350, 1, 699]) assert.equal(folders[at].list().count, 1);
    folders.reverse().forEach((it) => it.close());
    root.close();
    assert.ok(openHandles(folder) < before);
  });
});

test("a process that may open few files walks a deep tree all the same", (folder) => {
  makeChain(folder, 150, "d");
  const script = new URL("walk_deep.ts", import.meta.url).pathname;
  const limited = 'ulimit -n 64; exec "$@"';
  const output = run("sh", ["-c", limited, "sh", Deno.execPath(), "run", "-A", script, folder]);
  assert.equal(output, `150 ${"1".repeat(151)}\n`);
});

/** Below the folder only: other test files run in the same process. */
function openHandles(folder: string): number {
  const real = Deno.realPathSync(folder);
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(real);
    } catch {
      return false;
    }
  }).length;
}

test("a folder that was exchanged while its handle was given up is not taken for it", (folder) => {
  makeChain(folder, 300, "d");
  return withRoot(folder, (root) => {
    const folders = enterAll(root, "d", 300);
    shell(folder, "mv d/d aside; mkdir d/d");
    assert.throws(() => folders[2].list(), (error) => isKind(error, "entry"));
    folders.reverse().forEach((it) => it.close());
  });
});

test("another mount below is marked", () =>
  withRoot("/dev", (root) => {
    const shm = entriesOf(root.folder.list()).find(({ name }) => name === "shm");
    if (shm === undefined) return;
    const mounted = run("sh", ["-c", "stat -c %d /dev /dev/shm | uniq | wc -l"]).trim() === "2";
    assert.equal(shm.mount, mounted ? 1 : 0);
    if (!mounted) {
      return console.log("stand-in: /dev/shm is no mount here, only its absence is tested");
    }
    const inside = root.folder.enter("shm");
    assert.notEqual(inside.fileSystem, root.folder.fileSystem);
    assert.match(inside.fileSystem, /^tmpfs:.*:\/dev\/shm$/);
    inside.close();
  }));

test("the identity of a file system is the same each time", (folder) =>
  withRoot(folder, async (root) => {
    assert.match(root.folder.fileSystem, /^[a-z0-9.]+:.+/);
    await withRoot(
      folder,
      (again) => assert.equal(again.folder.fileSystem, root.folder.fileSystem),
    );
  }));
