/** What only Linux's own target keeps, and what it does where something is refused. */
import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import type { EntryStat } from "../../src/core/stat_record.ts";
import { cLiteral, cString } from "../../src/libc/c_string.ts";
import { EEXIST } from "../../src/libc/errno.ts";
import { libc } from "../../src/libc/libc.ts";
import { AT_FDCWD, O_DIRECTORY } from "../../src/libc/open_flags.ts";
import type { RestoreTarget } from "../../src/ports/restore_target.ts";
import { linkToFree } from "../../src/targets/local/linux_place.ts";
import { openLocalTarget } from "../../src/targets/local/local_target.ts";
import {
  canMakeDevices,
  hasCommand,
  run,
  runWithoutRights,
  shell,
  skip,
  withFolder,
} from "../sources/tree_tools.ts";

const ignore = libc() === null;
const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));

function test(name: string, fn: (target: RestoreTarget, folder: string) => void): void {
  const within = (folder: string) => {
    const target = openLocalTarget(folder, { target: "linux", random });
    try {
      fn(target, folder);
    } finally {
      target.close();
    }
  };
  Deno.test({ name: `linux target: ${name}`, ignore, fn: () => withFolder(within) });
}

function statOf(type: EntryStat["type"], changes: Partial<EntryStat> = {}): EntryStat {
  const own = { uid: Deno.uid()!, gid: Deno.gid()! };
  const zero = { fileId: 0n, size: 0n, ctime: 0n, birth: 0n, rdev: 0n };
  return { type, sparse: false, mode: 0o644, ...own, ...zero, mtime: 5n, ...changes };
}

const keep = { replace: false };

test("times are set to the nanosecond, of files, folders, symlinks and FIFOs", (target) => {
  const mtime = -1_000_000_001n;
  target.createFile("file").finish(statOf("file", { mtime }), [], keep);
  target.makeFolder("folder");
  target.finishFolder("folder", statOf("folder", { mtime }), []);
  target.makeSymlink("symlink", "none", statOf("symlink", { mtime }), []);
  assert.deepEqual(target.makeSpecial("fifo", statOf("fifo", { mtime, mode: 0o604 }), []), []);
  for (const path of ["file", "folder", "symlink", "fifo"]) {
    assert.equal(target.lookAt(path)!.mtime, mtime, path);
    assert.equal(target.lookAt(path)!.type, path);
  }
  assert.equal(target.lookAt("fifo")!.mode, 0o604);
});

test("owners and set-id bits are set, and kept together", (target) => {
  if (Deno.uid() !== 0) return skip("owners", "only root gives files away");
  const wanted = { uid: 4711, gid: 4712, mode: 0o6755 };
  assert.deepEqual(target.createFile("file").finish(statOf("file", wanted), [], keep), []);
  assert.deepEqual(target.makeSymlink("link", "x", statOf("symlink", wanted), []), []);
  const [file, link] = [target.lookAt("file")!, target.lookAt("link")!];
  assert.deepEqual([file.uid, file.gid, file.mode], [4711, 4712, 0o6755]);
  assert.deepEqual([link.uid, link.gid], [4711, 4712]);
});

test("devices are made with their numbers", (target, folder) => {
  if (!canMakeDevices("linux target: devices", folder)) return;
  const rdev = 259n << 32n | 1_048_575n;
  assert.deepEqual(target.makeSpecial("block", statOf("block", { rdev }), []), []);
  assert.deepEqual([target.lookAt("block")!.type, target.lookAt("block")!.rdev], ["block", rdev]);
});

test("a folder's default ACL is not inherited by what is restored into it", (target, folder) => {
  if (!hasCommand("inherited ACLs", "setfacl")) return;
  shell(folder, "setfacl -d -m u:4711:rwx .");
  // Opened again: a target looks at its own folder once.
  const again = openLocalTarget(folder, { target: "linux", random });
  assert.deepEqual(again.createFile("file").finish(statOf("file"), [], keep), []);
  again.makeFolder("sub");
  assert.deepEqual(again.finishFolder("sub", statOf("folder", { mode: 0o755 }), []), []);
  again.close();
  assert.doesNotMatch(shell(folder, "getfacl -n file sub"), /4711/);
  assert.equal(target.lookAt("file")!.mode, 0o644);
});

test("attributes of a folder that the backup lacks are taken away", (target, folder) => {
  if (!hasCommand("attributes", "setfattr")) return;
  shell(folder, "mkdir d; setfattr -n user.old -v x d; setfattr -n user.both -v x d");
  const value = new TextEncoder().encode("new");
  const attributes = [{ name: "user.both", value }];
  assert.deepEqual(target.finishFolder("d", statOf("folder"), attributes), []);
  const told = shell(folder, "getfattr -d d");
  assert.match(told, /user.both="new"/);
  assert.doesNotMatch(told, /user.old/);
});

test("an attribute that is refused is told, and the file is there", (target) => {
  const value = new Uint8Array(0);
  const problems = target.createFile("f").finish(
    statOf("file"),
    [{ name: "nonsense.a", value }],
    keep,
  );
  assert.deepEqual(problems, ["attribute nonsense.a: ENOTSUP: not supported"]);
  assert.equal(target.lookAt("f")!.type, "file");
});

for (const kind of ["linux", "portable"] as const) {
  test(
    `${kind}: a file that cannot be given to its owner gets no set-id bit`,
    (_target, folder) => {
      const script = new URL("restore_without_rights.ts", import.meta.url).pathname;
      const output = runWithoutRights(["chown"], script, [folder, kind]);
      if (output === undefined) return;
      const problems = JSON.parse(output) as string[];
      assert.match(problems[0], /^owner 4711:4712: .*permitted/);
      assert.equal(problems[1], "mode 4755: set-id bits left out, owner not kept");
      assert.equal(Deno.lstatSync(`${folder}/file`).mode! & 0o7777, 0o755);
    },
  );
}

test("a folder finished read-only takes files again when a restore goes on", (target) => {
  target.makeFolder("d");
  target.finishFolder("d", statOf("folder", { mode: 0o500 }), []);
  target.makeFolder("d");
  assert.equal(target.lookAt("d")!.mode & 0o700, 0o700);
});

test("paths deeper than PATH_MAX are restored", (target, folder) => {
  const name = "n".repeat(200);
  let path = "";
  for (let i = 0; i < 40; i++) {
    path = path === "" ? name : `${path}/${name}`;
    target.makeFolder(path);
  }
  target.createFile(`${path}/end`).finish(statOf("file"), [], keep);
  assert.equal(target.lookAt(`${path}/end`)!.type, "file");
  assert.match(run("find", [folder, "-name", "end"]), /end/);
});

test("more folders than handles are held at a time can be written to in turn", (target) => {
  for (let i = 0; i < 300; i++) target.makeFolder(`d${i}`);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 300; i++) {
      target.createFile(`d${i}/f${round}`).finish(statOf("file"), [], keep);
    }
  }
  assert.ok([...Deno.readDirSync("/proc/self/fd")].length < 200);
});

test("a folder that was removed and made anew is written to under its name", (target, folder) => {
  target.makeFolder("d");
  target.createFile("d/one").finish(statOf("file"), [], keep);
  shell(folder, "rm -r d; mkdir d");
  target.createFile("d/two").finish(statOf("file"), [], keep);
  assert.equal(target.lookAt("d/two")!.type, "file");
});

test("where no rename refuses, a hard link does: a taken name stays", (_target, folder) => {
  const calls = libc()!;
  shell(folder, "echo new > temp; echo old > taken");
  const fd = calls.call.openat(AT_FDCWD, cString(folder), O_DIRECTORY, 0);
  assert.equal(linkToFree(calls, fd, cLiteral("temp"), cLiteral("taken")), EEXIST);
  assert.equal(linkToFree(calls, fd, cLiteral("temp"), cLiteral("free")), 0);
  calls.call.close(fd);
  assert.equal(shell(folder, "cat taken free; ls"), "old\nnew\nfree\ntaken\n");
});

for (const kind of ["linux", "portable"] as const) {
  test(`${kind}: a full disk is told as such, and leaves no temporary file`, (_target, folder) => {
    const mount = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder];
    try {
      run("mount", mount);
    } catch {
      return skip("a full disk", "mount is refused");
    }
    try {
      const target = openLocalTarget(folder, { target: kind, random });
      const file = target.createFile("file");
      const fill = () => file.write(new Uint8Array(200_000).fill(1));
      assert.throws(fill, (error) => isKind(error, "disk-full"));
      file.discard();
      target.close();
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    } finally {
      run("umount", [folder]);
    }
  });
}
