/** Copies a tree from a source to a target through the two ports: the least restore there can be. */
import { joinPath, type PathText } from "../../src/core/path_text.ts";
import { type EntryStat, unpackStat } from "../../src/core/stat_record.ts";
import type { RestoreTarget } from "../../src/ports/restore_target.ts";
import type { DirectFolder, DirectRoot } from "../../src/ports/source.ts";
import { entriesOf } from "../sources/tree_tools.ts";

/** Returns what could not be kept, each with its path. */
export async function copyTree(root: DirectRoot, target: RestoreTarget): Promise<string[]> {
  const problems: string[] = [];
  const linked = new Map<bigint, PathText>();
  await copyFolder(root.folder, "");
  const attributes = root.folder.readAttributes("");
  problems.push(...target.finishFolder("", unpackStat(root.stat), attributes));
  return problems;

  async function copyFolder(folder: DirectFolder, path: PathText): Promise<void> {
    const listing = folder.list();
    for (const { name, reason } of listing.failed) {
      problems.push(`${joinPath(path, name)}: ${reason}`);
    }
    for (const { name, stat, links } of entriesOf(listing)) {
      const below = joinPath(path, name);
      const first = links > 1 ? linked.get(stat.fileId) : undefined;
      if (first !== undefined) target.makeLink(below, first);
      else {problems.push(...(await copyEntry(folder, name, below, stat)).map((p) =>
          `${below}: ${p}`
        ));}
      if (links > 1) linked.set(stat.fileId, first ?? below);
    }
  }

  async function copyEntry(
    folder: DirectFolder,
    name: PathText,
    path: PathText,
    stat: EntryStat,
  ): Promise<string[]> {
    const attributes = folder.readAttributes(name);
    switch (stat.type) {
      case "file":
        return await copyFile(path, stat, attributes);
      case "symlink":
        return target.makeSymlink(path, folder.readTarget(name), stat, attributes);
      case "folder": {
        target.makeFolder(path);
        const entered = folder.enter(name);
        await copyFolder(entered, path);
        entered.close();
        return target.finishFolder(path, stat, attributes);
      }
      default:
        return target.makeSpecial(path, stat, attributes);
    }
  }

  async function copyFile(
    path: PathText,
    stat: EntryStat,
    attributes: ReturnType<DirectFolder["readAttributes"]>,
  ): Promise<string[]> {
    const from = root.openFile(path);
    const to = target.createFile(path, { sparse: stat.sparse });
    const buffer = new Uint8Array(100_000);
    for (;;) {
      const length = await from.read(buffer);
      to.write(buffer.subarray(0, length));
      if (length < buffer.length) break;
    }
    from.close();
    return to.finish(stat, attributes, { replace: false });
  }
}
