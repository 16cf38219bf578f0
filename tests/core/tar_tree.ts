/** The entries of a folder on disk as members of a TAR. */
import { bytesOfText, joinPath, type PathText } from "../../src/core/path_text.ts";
import type { TarMember } from "../../src/core/pack/tar_member.ts";
import type { DirectFolder, DirectRoot } from "../../src/ports/source.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import { entriesOf, type ListedEntry } from "../sources/tree_tools.ts";
import type { PackedMember } from "./tar_fixture.ts";

/** Folders before what is in them; of a hard-link group all but the first as links. */
export async function membersOfTree(folder: string): Promise<PackedMember[]> {
  const root = openLocalSource(folder, { walker: "linux" }).open();
  const members: PackedMember[] = [];
  const linked = new Map<bigint, Uint8Array>();
  await addFolder(root.folder, "");
  root.close();
  return members;

  async function addFolder(folder: DirectFolder, path: PathText): Promise<void> {
    for (const entry of entriesOf(folder.list())) {
      const below = joinPath(path, entry.name);
      const first = entry.links > 1 && entry.stat.type !== "folder"
        ? linked.get(entry.stat.fileId)
        : undefined;
      const member = memberOf(folder, entry, below, first);
      const content = member.type === "file"
        ? await contentOf(root, below, member.size)
        : new Uint8Array(0);
      members.push({ member, content });
      if (first === undefined) linked.set(entry.stat.fileId, member.path);
      if (entry.stat.type !== "folder") continue;
      const entered = folder.enter(entry.name);
      await addFolder(entered, below);
      entered.close();
    }
  }
}

function memberOf(
  folder: DirectFolder,
  { name, stat }: ListedEntry,
  path: PathText,
  first: Uint8Array | undefined,
): TarMember {
  const attributes = folder.readAttributes(name).map((attribute) => ({
    name: bytesOfText(attribute.name),
    value: Uint8Array.from(attribute.value),
  }));
  const type = first === undefined ? stat.type : "link";
  const isDevice = type === "char" || type === "block";
  const target = type === "symlink" ? bytesOfText(folder.readTarget(name)) : first;
  return {
    path: bytesOfText(type === "folder" ? `${path}/` : path),
    ...{ type, mode: stat.mode, uid: stat.uid, gid: stat.gid },
    size: type === "file" ? Number(stat.size) : 0,
    mtime: stat.mtime,
    ...(target === undefined ? {} : { target }),
    ...(isDevice ? { rdev: stat.rdev } : {}),
    ...(attributes.length === 0 ? {} : { attributes }),
  };
}

async function contentOf(root: DirectRoot, path: PathText, size: number): Promise<Uint8Array> {
  const file = root.openFile(path);
  const content = new Uint8Array(size);
  await file.read(content);
  file.close();
  return content;
}
