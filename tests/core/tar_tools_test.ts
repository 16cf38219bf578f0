/** Our TAR read by GNU tar and bsdtar, and theirs by our reader. */
import assert from "node:assert/strict";
import { type PathText, textOfBytes } from "../../src/core/path_text.ts";
import type { TarMember } from "../../src/core/pack/tar_member.ts";
import { libc } from "../../src/libc/libc.ts";
import {
  canMakeDevices,
  everyByteName,
  hasCommand,
  oddNames,
  run,
  shell,
  skip,
  touchAll,
  withFolder,
} from "../sources/tree_tools.ts";
import { fileMember, type PackedMember, readTar, tarOf } from "./tar_fixture.ts";
import { membersOfTree } from "./tar_tree.ts";

const GNU_EXTRACT = "tar -xp --xattrs --xattrs-include='*' -f ../tree.tar";
const BSD_EXTRACT = "bsdtar -xp --xattrs --acls -f ../tree.tar";

function test(name: string, fn: (folder: string) => void | Promise<void>): void {
  Deno.test({ name: `tar tools: ${name}`, ignore: libc() === null, fn: () => withFolder(fn) });
}

function canRun(name: string, folder: string): boolean {
  const commands = ["tar", "bsdtar", "setfattr", "setfacl"];
  if (!commands.every((command) => hasCommand(name, command))) return false;
  if (Deno.uid() !== 0) {
    skip(name, "owners can be set by root only");
    return false;
  }
  return canMakeDevices(name, folder);
}

/** A tree with all that a member can say. */
function makeTree(tree: string): void {
  for (const folder of ["", "/odd", "/bytes", "/long", "/types", "/times"]) {
    Deno.mkdirSync(tree + folder);
  }
  touchAll(`${tree}/odd`, oddNames);
  touchAll(`${tree}/bytes`, everyByteName());
  shell(
    `${tree}/long`,
    `n=${"n".repeat(120)}; mkdir -p $n/$n/$n; echo deep > $n/$n/$n/file; echo two > $n/file
     raw=$(printf '\\377%.0s' $(seq 120)); mkdir "$raw"; echo raw > "$raw/file"`,
  );
  shell(
    `${tree}/types`,
    `printf hello > file; ln file second; ln -s "$(printf 'to\\377\\n/x')" raw; mkfifo fifo
     ln -s ${"t".repeat(300)} long; ln -s "$(printf '\\377%.0s' $(seq 200))" longraw
     mknod char c 1 3; mknod block b 259 70000; printf x > setuid; mkdir sticky
     head -c 1500 /dev/urandom > random; printf y > owner; head -c 512 /dev/zero > block512
     chown 4294967294:3000000000 owner; chown -h 7:8 raw; chmod 6755 setuid; chmod 1777 sticky
     setfattr -n user.a=b -v eq file; setfattr -n user.p%3Dc -v percent file
     setfattr -n user.bin -v 0x000aff3d00 file; setfattr -n user.empty file
     setfattr -n "$(printf 'user.\\377')" -v raw random; setfattr -n trusted.t -v t sticky
     setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 random
     setfacl -m u:4711:rw file; setfacl -d -m g:4712:rx sticky; setfacl -m g:4713:x sticky`,
  );
  shell(
    `${tree}/times`,
    `touch -d '2001-02-03 04:05:06.123456789 UTC' ns; touch -d '1969-12-31 UTC' before
     touch -d '2100-01-01 00:00:00.5 UTC' later; touch -d '2255-01-01 UTC' latest
     cd ..; touch -h -d '2002-01-01 00:00:00.000000001 UTC' types/raw
     touch -d '2003-01-01 00:00:00.9 UTC' types/fifo types/char
     touch -d '2004-01-01 00:00:00.7 UTC' types odd bytes long`,
  );
}

/** By path; each link as a file of its own, for readers may come to the other name first. */
function facts(
  members: readonly PackedMember[],
  isSeen: (attribute: string) => boolean = () => true,
): Map<PathText, PackedMember> {
  const paths = members.map((packed) => [textOfBytes(packed.member.path), packed] as const)
    .sort(([a], [b]) => a < b ? -1 : 1);
  const found = new Map(paths);
  return new Map(paths.map(([path, packed]) => {
    const { target } = packed.member;
    const { member, content } = packed.member.type === "link"
      ? found.get(textOfBytes(target!))!
      : packed;
    const { owner: _owner, group: _group, attributes = [], ...plain } = member;
    const seen = attributes.filter(({ name }) => isSeen(textOfBytes(name)))
      .toSorted((a, b) => a.name.toHex() < b.name.toHex() ? -1 : 1);
    return [path, { member: { ...plain, path: packed.member.path, attributes: seen }, content }];
  }));
}

async function extracted(folder: string, name: string, command: string): Promise<PackedMember[]> {
  Deno.mkdirSync(`${folder}/${name}`);
  shell(`${folder}/${name}`, command);
  return await membersOfTree(`${folder}/${name}`);
}

test("GNU tar extracts all of it as it was", async (folder) => {
  if (!canRun("GNU tar extracts", folder)) return;
  makeTree(`${folder}/tree`);
  const members = await membersOfTree(`${folder}/tree`);
  Deno.writeFileSync(`${folder}/tree.tar`, tarOf(members));
  assert.ok(members.length > 550);
  assert.deepEqual(await extracted(folder, "gnu", GNU_EXTRACT), members);
  assert.equal(run("tar", ["-df", "../tree.tar"], { cwd: `${folder}/tree` }), "");
});

test("bsdtar extracts all of it but ACLs, and attributes by their written name", async (folder) => {
  if (!canRun("bsdtar extracts", folder)) return;
  makeTree(`${folder}/tree`);
  const members = await membersOfTree(`${folder}/tree`);
  Deno.writeFileSync(`${folder}/tree.tar`, tarOf(members));
  const found = await extracted(folder, "bsd", BSD_EXTRACT);
  const isSeen = (name: string) => !/^system\.|[%=]/.test(name);
  assert.deepEqual(facts(found, isSeen), facts(members, isSeen));
  const names = run("getfattr", ["--absolute-names", "-d", `${folder}/bsd/types/file`]);
  assert.match(names, /user\.a%3Db="eq"/);
});

test("a TAR that GNU tar writes as pax is read", async (folder) => {
  if (!canRun("a TAR of GNU tar", folder)) return;
  makeTree(`${folder}/tree`);
  const command = "tar -cf ../tree.tar --format=posix --xattrs --xattrs-include='*'";
  shell(`${folder}/tree`, `${command} odd bytes long types times`);
  const isWritten = (name: string) => !name.startsWith("system.");
  const found = readTar(Deno.readFileSync(`${folder}/tree.tar`), [10_000]);
  const members = await membersOfTree(`${folder}/tree`);
  assert.deepEqual(facts(found, isWritten), facts(members, isWritten));
});

test("a TAR that bsdtar writes as pax is read", async (folder) => {
  if (!canRun("a TAR of bsdtar", folder)) return;
  makeTree(`${folder}/tree`);
  // Of a file with an ACL it writes another mode.
  shell(`${folder}/tree/types`, "setfacl -b file sticky");
  shell(
    `${folder}/tree`,
    "bsdtar -cf ../tree.tar --format=pax --xattrs odd bytes long types times",
  );
  // It writes names of attributes as they are, "%" and "=" and all, and none that is not UTF-8.
  const isWritten = (name: string) => !/[%=\udcff]/.test(name);
  const found = readTar(Deno.readFileSync(`${folder}/tree.tar`), [10_000]).map(withoutBirth);
  const members = await membersOfTree(`${folder}/tree`);
  assert.deepEqual(facts(found, isWritten), facts(members, isWritten));
});

function withoutBirth({ member, content }: PackedMember): PackedMember {
  const { birth: _birth, ...plain } = member;
  return { member: plain, content };
}

test("times between and beyond those of a stat record are set to the nanosecond", (folder) => {
  const name = "times of GNU tar";
  if (!hasCommand(name, "tar")) return;
  const times: Record<string, [ns: bigint, shown: string]> = {
    fraction: [-1_500_000_000n, "-1.500000000"],
    early: [-1n, "-0.000000001"],
    late: [9_999_999_999_123_456_789n, "9999999999.123456789"],
  };
  const members = Object.entries(times).map(([path, [mtime]]) => ({
    ...{ member: fileMember(path, { mtime }), content: new Uint8Array(0) },
  }));
  Deno.writeFileSync(`${folder}/times.tar`, tarOf(members));
  shell(folder, "tar -xf times.tar");
  for (const [path, [, shown]] of Object.entries(times)) {
    assert.equal(run("stat", ["-c", "%.9Y", path], { cwd: folder }).trim(), shown);
  }
});

test("paths longer than PATH_MAX are listed whole", (folder) => {
  if (!["tar", "bsdtar"].every((command) => hasCommand("long paths", command))) return;
  const path = Array.from({ length: 60 }, (_, i) => `${i}`.padEnd(100, "n")).join("/");
  Deno.writeFileSync(
    `${folder}/long.tar`,
    tarOf([{ member: fileMember(path), content: new Uint8Array(0) }]),
  );
  assert.ok(path.length > 6000);
  assert.equal(run("tar", ["-tf", "long.tar"], { cwd: folder }), `${path}\n`);
  assert.equal(run("bsdtar", ["-tf", "long.tar"], { cwd: folder }), `${path}\n`);
});

test("GNU tar says of members what they were made of, and minds no record that it does not know", (folder) => {
  if (!["tar", "bsdtar"].every((command) => hasCommand("a listing", command))) return;
  const more: Partial<TarMember> = {
    ...{ owner: "me", group: "grüße", mode: 0o4755, uid: 7, gid: 8, birth: 1n, sparse: true },
  };
  const members = [
    { member: fileMember("file", { ...more, size: 3 }), content: Uint8Array.of(1, 2, 3) },
    { member: fileMember("named", { owner: "o".repeat(40) }), content: new Uint8Array(0) },
  ];
  Deno.writeFileSync(`${folder}/a.tar`, tarOf(members));
  const listing = (option: string) =>
    run("tar", ["-tvf", "a.tar", "--full-time", option], { cwd: folder })
      .replaceAll(/ +/g, " ").trim().split("\n");
  assert.deepEqual(listing("--utc"), [
    "-rwsr-xr-x me/grüße 3 2023-11-14 22:13:20 file",
    `-rw-r--r-- ${"o".repeat(40)}/0 0 2023-11-14 22:13:20 named`,
  ]);
  assert.match(listing("--numeric-owner")[0], / 7\/8 /);
  assert.equal(run("bsdtar", ["-tf", "a.tar"], { cwd: folder }), "file\nnamed\n");
});
