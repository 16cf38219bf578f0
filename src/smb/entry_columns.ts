import { compareBytes, textOfBytes } from "../core/path_text.ts";
import type { FolderListing } from "../core/scan/listing.ts";
import { STAT_RECORD_BYTES } from "../core/stat_record.ts";

/**
 * Entries of a folder on their way from a child: count u32 · records, 64 bytes each · where each name
 * ends, u32 · names. Little-endian; in the order in which the server told them.
 */
export interface EntryColumns {
  readonly stats: Uint8Array;
  readonly nameEnds: Uint32Array;
  readonly names: Uint8Array;
}

/** Collects entries until they are taken as bytes. */
export interface ColumnWriter {
  add(name: Uint8Array, record: Uint8Array): void;
  readonly count: number;
  take(): Uint8Array<ArrayBuffer>;
}

export function columnWriter(): ColumnWriter {
  let names: Uint8Array[] = [];
  let records: Uint8Array[] = [];
  return {
    get count() {
      return names.length;
    },
    add(name, record) {
      names.push(name);
      records.push(record);
    },
    take() {
      const bytes = names.reduce((sum, name) => sum + name.length, 0);
      const head = 4 + names.length * (STAT_RECORD_BYTES + 4);
      const out = new Uint8Array(head + bytes);
      const view = new DataView(out.buffer);
      view.setUint32(0, names.length, true);
      let end = 0;
      for (const [i, name] of names.entries()) {
        out.set(records[i], 4 + i * STAT_RECORD_BYTES);
        out.set(name, head + end);
        end += name.length;
        view.setUint32(4 + names.length * STAT_RECORD_BYTES + i * 4, end, true);
      }
      [names, records] = [[], []];
      return out;
    },
  };
}

export function readColumns(bytes: Uint8Array): EntryColumns {
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const endsAt = 4 + count * STAT_RECORD_BYTES;
  const head = endsAt + count * 4;
  return {
    stats: bytes.subarray(4, endsAt),
    nameEnds: new Uint32Array(bytes.slice(endsAt, head).buffer),
    names: bytes.subarray(head),
  };
}

/**
 * All parts as one listing, in byte order of names. A name that comes twice, as it may where the folder
 * changes meanwhile, counts once; one that no entry can have is listed as failed.
 */
export function listingOf(parts: readonly EntryColumns[]): FolderListing {
  const all = parts.flatMap((part) =>
    Array.from(part.nameEnds, (_, i) => ({ part, i, name: nameIn(part, i) }))
  ).sort((a, b) => compareBytes(a.name, b.name));
  const once = all.filter(({ name }, i) => i === 0 || compareBytes(name, all[i - 1].name) !== 0);
  const places = once.filter(({ name }) => isName(name));
  const failed = once.filter(({ name }) => !isName(name)).map(({ name }) => ({
    ...{
      name: textOfBytes(name).replaceAll(/[/\0]/g, "\ufffd"),
      reason: "a name with a slash in it",
    },
  }));
  const count = places.length;
  const names = new Uint8Array(places.reduce((sum, { name }) => sum + name.length, 0));
  const nameEnds = new Uint32Array(count);
  const stats = new Uint8Array(count * STAT_RECORD_BYTES);
  let end = 0;
  for (const [to, { part, i, name }] of places.entries()) {
    names.set(name, end);
    end += name.length;
    nameEnds[to] = end;
    const record = part.stats.subarray(i * STAT_RECORD_BYTES, (i + 1) * STAT_RECORD_BYTES);
    stats.set(record, to * STAT_RECORD_BYTES);
  }
  const links = new Uint32Array(count).fill(1);
  return { count, names, nameEnds, stats, links, mounts: new Uint8Array(count), failed };
}

const SLASH = 0x2f;

function isName(name: Uint8Array): boolean {
  return name.length > 0 && !name.includes(SLASH) && !name.includes(0);
}

function nameIn({ names, nameEnds }: EntryColumns, i: number): Uint8Array {
  return names.subarray(i === 0 ? 0 : nameEnds[i - 1], nameEnds[i]);
}
