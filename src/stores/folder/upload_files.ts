import { HoldfastError } from "../../core/error.ts";
import type { ListedPart, OpenUpload, PutOptions } from "../../ports/object_store.ts";
import { type Disk, removeQuietly } from "./disk.ts";
import { ifThere } from "./disk_error.ts";
import type { StoreLayout } from "./store_layout.ts";
import { nowMs, type StoreState, timedName } from "./store_state.ts";

/** An open multipart upload: `uploads/<id>/upload.json` beside its parts (`partName`). */
export interface UploadRecord {
  readonly key: string;
  readonly options: PutOptions;
  /** Milliseconds since 1970. */
  readonly initiated: number;
}

const wellFormedId = /^[0-9a-z]{9}-[0-9a-f]{12}$/;
const DAY_MS = 24 * 60 * 60 * 1000;

export async function makeUpload(
  state: StoreState,
  key: string,
  options: PutOptions,
): Promise<string> {
  const id = timedName(state.clock, state.random);
  const folder = uploadFolder(state.layout, id);
  await state.disk.makeFolder(folder);
  const record: UploadRecord = { key, options, initiated: nowMs(state.clock) };
  const file = await state.disk.create(`${folder}/upload.json`);
  try {
    await file.write(new TextEncoder().encode(JSON.stringify(record)));
  } finally {
    file.close();
  }
  return id;
}

export function uploadFolder(layout: StoreLayout, id: string): string {
  return `${layout.uploads}/${id}`;
}

/** The open upload. Throws kind "gone" where there is none of this id and key. */
export async function openUpload(
  disk: Disk,
  layout: StoreLayout,
  key: string,
  id: string,
): Promise<UploadRecord> {
  const record = await readUpload(disk, layout, id);
  if (record?.key === key) return record;
  throw new HoldfastError("gone", `there is no open upload ${id} of ${key}`, {
    context: { key, upload: id, code: "NoSuchUpload" },
    hint: "it was completed or aborted: begin a new one",
  });
}

async function readUpload(
  disk: Disk,
  layout: StoreLayout,
  id: string,
): Promise<UploadRecord | undefined> {
  if (!wellFormedId.test(id)) return undefined;
  const bytes = await ifThere(disk.readWhole(`${uploadFolder(layout, id)}/upload.json`));
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

export async function listOpenUploads(
  disk: Disk,
  layout: StoreLayout,
  prefix: string,
): Promise<OpenUpload[]> {
  const found: OpenUpload[] = [];
  for (const uploadId of (await ifThere(disk.names(layout.uploads)) ?? []).sort()) {
    const record = await readUpload(disk, layout, uploadId);
    if (record === undefined || !record.key.startsWith(prefix)) continue;
    found.push({ key: record.key, uploadId, initiated: record.initiated });
  }
  return found;
}

/** A part's file: what was sent under one number more than once has several. */
export function partName(part: number, md5: string, crc32: string): string {
  return `${part}-${md5}-${crc32}`;
}

export const partFile = /^(\d+)-([0-9a-f]{32})-([0-9a-f]{8})$/;

/** The parts of an open upload by number, of each the one that was written last. */
export async function listKeptParts(
  disk: Disk,
  layout: StoreLayout,
  key: string,
  id: string,
): Promise<ListedPart[] | undefined> {
  if ((await readUpload(disk, layout, id))?.key !== key) return undefined;
  const folder = uploadFolder(layout, id);
  const newest = new Map<number, { readonly listed: ListedPart; readonly modified: number }>();
  for (const name of await disk.names(folder)) {
    const [, number, etag, crc32] = partFile.exec(name) ?? [];
    if (number === undefined) continue;
    const { size, modified } = await disk.look(`${folder}/${name}`);
    const part = Number(number);
    if ((newest.get(part)?.modified ?? -1) > modified) continue;
    newest.set(part, { listed: { part, etag, size, crc32 }, modified });
  }
  return [...newest.values()].map(({ listed }) => listed).sort((a, b) => a.part - b.part);
}

/** Removes an upload, its record first: a half-removed one is no open upload any more. */
export async function removeUpload(disk: Disk, layout: StoreLayout, id: string): Promise<void> {
  if (!wellFormedId.test(id)) return;
  const folder = uploadFolder(layout, id);
  await ifThere(disk.remove(`${folder}/upload.json`));
  const names = await ifThere(disk.names(folder)) ?? [];
  await removeQuietly(disk, names.map((name) => `${folder}/${name}`));
  await removeQuietly(disk, [folder]);
}

/** Removes what is left of uploads that were half made or half removed more than a day ago. */
export async function sweepUploads({ disk, layout, clock }: StoreState): Promise<void> {
  for (const id of await disk.names(layout.uploads)) {
    const entry = await ifThere(disk.look(uploadFolder(layout, id)));
    if (entry === undefined || nowMs(clock) - entry.modified < DAY_MS) continue;
    if (await readUpload(disk, layout, id) === undefined) await removeUpload(disk, layout, id);
  }
}
