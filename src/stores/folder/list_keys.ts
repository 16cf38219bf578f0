import type { ListedObject } from "../../ports/object_store.ts";
import { type ArchiveSimulation, restoreOf } from "./archive_simulation.ts";
import type { Disk } from "./disk.ts";
import { ifThere } from "./disk_error.ts";
import { byteText, keyOfByteText, readPointerName } from "./pointer_path.ts";
import { pointerFolder, type StoreLayout } from "./store_layout.ts";
import { readRecord } from "./version_record.ts";

const PAGE = 1_000;
const READERS = 32;

export interface Listing {
  readonly prefix: string;
  readonly startAfter: string | undefined;
  /** Where restore statuses are asked for. */
  readonly simulation: ArchiveSimulation | undefined;
}

interface Found {
  readonly path: string;
  readonly text: string;
}

/**
 * Current objects in key order, up to 1,000 a page. Memory: the names of the folders on the way down
 * to the current one, and a page.
 */
export async function* listKeys(
  disk: Disk,
  layout: StoreLayout,
  { prefix, startAfter, simulation }: Listing,
): AsyncGenerator<ListedObject[]> {
  const wanted: Wanted = {
    prefix: byteText(prefix),
    after: startAfter === undefined ? undefined : byteText(startAfter),
  };
  const folders = wanted.prefix.slice(0, wanted.prefix.lastIndexOf("/") + 1);
  const read = (page: readonly Found[]) => readPage(disk, layout, simulation, page);
  let page: Found[] = [];
  for await (const found of walk(disk, pointerFolder(layout.current, folders), folders, wanted)) {
    page.push(found);
    if (page.length < PAGE) continue;
    yield* read(page);
    page = [];
  }
  yield* read(page);
}

/** In byte texts (pointer_path.ts). */
interface Wanted {
  readonly prefix: string;
  readonly after: string | undefined;
}

async function* walk(
  disk: Disk,
  folder: string,
  above: string,
  wanted: Wanted,
): AsyncGenerator<Found> {
  const entries = (await ifThere(disk.names(folder)) ?? []).flatMap((name) => {
    const read = readPointerName(name);
    if (read === undefined) return [];
    const text = above + read.text;
    return mayHold(text, read.isPointer, wanted) ? [{ name, text, leaf: read.isPointer }] : [];
  });
  entries.sort((a, b) => a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
  for (const { name, text, leaf } of entries) {
    const path = `${folder}/${name}`;
    if (leaf) yield { path, text };
    else yield* walk(disk, path, text, wanted);
  }
}

/** Whether `text`, or where it is no leaf any key that begins with it, is asked for. */
function mayHold(text: string, leaf: boolean, { prefix, after }: Wanted): boolean {
  if (leaf) return text.startsWith(prefix) && (after === undefined || text > after);
  if (!text.startsWith(prefix) && !prefix.startsWith(text)) return false;
  return after === undefined || text > after || after.startsWith(text);
}

/** Nothing where all of the keys are deleted. */
async function* readPage(
  disk: Disk,
  layout: StoreLayout,
  simulation: ArchiveSimulation | undefined,
  page: readonly Found[],
): AsyncGenerator<ListedObject[]> {
  const now = await simulation?.now();
  const objects: (ListedObject | undefined)[] = new Array(page.length);
  let next = 0;
  const reader = async () => {
    while (next < page.length) {
      const i = next++;
      objects[i] = await readListed(disk, layout, page[i], now);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  const present = objects.filter((object) => object !== undefined);
  if (present.length > 0) yield present;
}

async function readListed(
  disk: Disk,
  layout: StoreLayout,
  { path, text }: Found,
  now: number | undefined,
): Promise<ListedObject | undefined> {
  const record = readRecord(await disk.readWhole(path), path);
  if (record.deleted) return undefined;
  const { size, etag, storageClass, lastModified } = record;
  const listed = { key: keyOfByteText(text), size, etag, storageClass, lastModified };
  if (now === undefined) return listed;
  const { restore = null } = await restoreOf(disk, layout, record, now);
  return { ...listed, restore };
}
