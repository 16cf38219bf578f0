import { HoldfastError, isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { type ListedChunk, parseChunkList } from "../core/pack/chunk_list.ts";
import { compareBytes, type PathText, textOfBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { CatalogEntry, CatalogPlace } from "../ports/member_catalog.ts";
import {
  attempt,
  type DecryptWork,
  done,
  hasParents,
  makeFolder,
  present,
} from "./decrypt_work.ts";
import { clearTheWay } from "./restore_conflict.ts";
import { attributesOf } from "./stored_attributes.ts";

/** Writes all that is in the catalog into the target. */
export async function writeCatalog(work: DecryptWork): Promise<void> {
  const { catalog, target } = work;
  const unmade = new Set<PathText>();
  for (const entry of catalog.folders("down")) {
    const isMade = await attempt(work, entry, () => {
      if (hasParents(work, entry)) makeFolder(work, entry.path);
      else unmade.add(entry.path);
    });
    if (!isMade) unmade.add(entry.path);
  }
  for (const entry of catalog.files()) await attempt(work, entry, () => writeEntry(work, entry));
  for (const entry of catalog.chunked()) await attempt(work, entry, () => writeEntry(work, entry));
  await writeLinks(work);
  for (const entry of catalog.folders("up")) {
    if (unmade.has(entry.path)) continue;
    await attempt(work, entry, () => {
      const stat = unpackStat(entry.stat);
      done(work, entry, target.finishFolder(entry.path, stat, attributesOf(entry.attributes)));
    });
  }
  // Only what is on the disk is decrypted.
  target.flush();
}

/** Anything but a folder and a link. */
async function writeEntry(work: DecryptWork, entry: CatalogEntry): Promise<void> {
  if (!hasParents(work, entry)) return;
  const { target, overwrite } = work;
  const { path } = entry;
  const verdict = clearTheWay(target, { place: path, row: entry }, overwrite);
  if (verdict === "present" && (!entry.isLinked || await hasContent(work, entry))) {
    return present(work, entry);
  }
  const stat = unpackStat(entry.stat);
  const replace = verdict !== "absent";
  if (stat.type === "file") return await writeFile(work, entry, { replace });
  if (replace) target.remove(path);
  const attributes = attributesOf(entry.attributes);
  const reasons = stat.type === "symlink"
    ? target.makeSymlink(path, textOfBytes(entry.target!), stat, attributes)
    : target.makeSpecial(path, stat, attributes);
  done(work, entry, reasons);
}

async function writeFile(
  work: DecryptWork,
  entry: CatalogEntry,
  { replace }: { readonly replace: boolean },
): Promise<void> {
  const stat = unpackStat(entry.stat);
  const chunks = await chunksOf(work, entry);
  const file = work.target.createFile(entry.path, { sparse: stat.sparse });
  try {
    for (const { place, sha256 } of chunks) {
      const pause = work.breathe();
      if (pause !== undefined) await pause;
      file.write(await work.contents.read(place, sha256));
    }
    done(work, entry, file.finish(stat, attributesOf(entry.attributes), { replace }));
  } catch (error) {
    file.discard();
    throw error;
  }
}

interface PlacedChunk {
  readonly place: CatalogPlace;
  readonly sha256: Uint8Array | null;
}

/** What a file's content is made of. Throws kind "entry" where not all of it is in the packs. */
async function chunksOf(work: DecryptWork, entry: CatalogEntry): Promise<PlacedChunk[]> {
  const { place, sha256 } = entry;
  const { size } = unpackStat(entry.stat);
  if (size === 0n) return [];
  if (place === undefined) {
    throw new HoldfastError("entry", `its content is in none of these packs: ${hex(sha256!)}`, {
      hint: "fetch the pack that has it, and repeat the command",
    });
  }
  if (!place.list) return [{ place, sha256 }];
  const list = new TextDecoder().decode(await work.contents.read(place, null));
  return parseChunkList(list, Number(size)).map((chunk) => placed(work, chunk));
}

function placed({ catalog }: DecryptWork, { sha256, size }: ListedChunk): PlacedChunk {
  const digest = Uint8Array.fromHex(sha256);
  const place = catalog.content(digest);
  if (place !== undefined && !place.list && place.size === size) return { place, sha256: digest };
  throw new HoldfastError("entry", `a chunk of it is in none of these packs: ${sha256}`, {
    hint: "fetch the pack that has it, and repeat the command",
  });
}

/** Of a file in its place, of its size and time. Throws kind "entry" where it is to be kept. */
async function hasContent(work: DecryptWork, entry: CatalogEntry): Promise<boolean> {
  const { target, hashing, overwrite } = work;
  const hash = hashing.incremental();
  for await (const bytes of target.readFile(entry.path)) hash.update(bytes);
  const { sha256 } = entry;
  if (sha256 === null || compareBytes(hash.digest(), sha256) === 0) return true;
  if (overwrite !== "never") return false;
  throw new HoldfastError("entry", "something else is in its place and was kept", {
    hint: "use --overwrite if-changed to replace what differs",
  });
}

/**
 * Further names of files, linked to the first one where that is what the packs have newest of it and it
 * is there; else to the first of them, which is written for itself.
 */
async function writeLinks(work: DecryptWork): Promise<void> {
  let before: { readonly entry: CatalogEntry; readonly path: PathText } | undefined;
  for (const entry of work.catalog.links()) {
    await attempt(work, entry, async () => {
      if (!hasParents(work, entry)) return;
      const shared = before !== undefined && isSame(before.entry, entry) ? before.path : undefined;
      const existing = firstName(work, entry) ?? shared;
      if (existing === undefined) {
        await writeEntry(work, entry);
        before = { entry, path: entry.path };
      } else await writeLink(work, entry, existing);
    });
  }
}

/** The name under which the file is there already, if it still is that file. */
function firstName(work: DecryptWork, entry: CatalogEntry): PathText | undefined {
  const first = work.catalog.entry(entry.first!);
  const isThere = first !== undefined && isSame(first, entry) && !work.unwritten.has(first.path);
  return isThere ? first.path : undefined;
}

function isSame(a: CatalogEntry, b: CatalogEntry): boolean {
  const [first, second] = [a.first ?? a.path, b.first ?? b.path];
  return first === second && a.place?.frame === b.place?.frame && a.place?.at === b.place?.at;
}

async function writeLink(
  work: DecryptWork,
  entry: CatalogEntry,
  existing: PathText,
): Promise<void> {
  const { target, overwrite } = work;
  const { path } = entry;
  const verdict = clearTheWay(target, { place: path, row: entry }, overwrite);
  if (verdict === "present" && (isLinked(work, path, existing) || await hasContent(work, entry))) {
    return present(work, entry);
  }
  if (verdict !== "absent") target.remove(path);
  try {
    target.makeLink(path, existing);
  } catch (error) {
    // Another file system, or one without hard links: a copy is the next best.
    if (!isKind(error, "entry")) throw error;
    return await writeFile(work, entry, { replace: false });
  }
  done(work, entry, []);
}

function isLinked({ target }: DecryptWork, path: PathText, existing: PathText): boolean {
  const fileId = target.lookAt(path)?.fileId;
  return fileId !== undefined && fileId !== 0n && fileId === target.lookAt(existing)?.fileId;
}
