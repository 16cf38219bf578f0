import assert from "node:assert/strict";
import { fullPath } from "../../src/core/mirror/renames_record.ts";
import { packIndexLines, type PackIndexMember } from "../../src/core/pack/pack_index.ts";
import { packIndexKey, packKey } from "../../src/core/pack/pack_layout.ts";
import { framesOfLines, joinBytes } from "../../src/app/frame_text.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { inWorld, type World } from "./app_world.ts";
import { rebuildFromPacks } from "./rebuilt_packs.ts";

let serial = 0;

/** An index of nothing but folders, as paths, of which some have a file system of their own. */
async function putIndex(
  { store, log }: World,
  position: number,
  folders: readonly (readonly [path: string, fs?: string])[],
): Promise<void> {
  const pack = (++serial).toString(16).padStart(32, "0");
  const members = folders.map(([path, fs]): PackIndexMember => ({
    ...{ is: "entry", position, source: "", path },
    entry: {
      ...{ type: "folder", mode: 0o755, uid: 0, gid: 0, mtime: "1", ctime: "1", id: `${serial}` },
      ...{ content: { stored: position }, ...(fs === undefined ? {} : { fs }) },
    },
  }));
  const head = {
    ...{ pack, key: packKey(pack, false), log: log.genesis.log, created: "2026-01-01T00:00:00Z" },
    ...{ class: "STANDARD", header: 0, encryption: "none" as const, size: 18, plain: 0, etag: "e" },
  };
  const lines = packIndexLines(head, [], members);
  await store.put(packIndexKey(pack, false), joinBytes(framesOfLines(platformHashing, lines)), {});
}

function fileSystems({ log }: World): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (id: number, path: string) => {
    for (const row of log.index.tables.foldersIn(id)) {
      const below = fullPath(path, new TextDecoder().decode(row.name));
      found[below] = row.fileSystem;
      visit(row.id, below);
    }
  };
  visit(log.index.paths.find("", "")!.id, "");
  return found;
}

Deno.test("what is below a mounted file system is on it, whichever index tells of the mount", () =>
  inWorld(async (world) => {
    await putIndex(world, 5, [["a"], ["mnt", "disk"], ["mnt/old"], ["mnt/old/in", "stick"]]);
    await putIndex(world, 9, [["mnt/new"], ["mnt/new/deep"], ["mnt/old/in/x"], ["a/b"]]);
    await rebuildFromPacks(world);
    assert.deepEqual(fileSystems(world), {
      ...{ "a": "", "a/b": "", "mnt": "disk", "mnt/new": "disk", "mnt/new/deep": "disk" },
      ...{ "mnt/old": "disk", "mnt/old/in": "stick", "mnt/old/in/x": "stick" },
    });
    world.verify();
  }));

Deno.test("a folder that is no mount any more is on the file system around it", () =>
  inWorld(async (world) => {
    await putIndex(world, 5, [["mnt", "disk"], ["mnt/old"]]);
    await putIndex(world, 9, [["mnt"], ["mnt/new"]]);
    await rebuildFromPacks(world);
    assert.deepEqual(fileSystems(world), { "mnt": "", "mnt/new": "", "mnt/old": "" });
  }));
