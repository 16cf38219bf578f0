import type { ChecksumAlgorithm } from "../core/batch/batch_job.ts";
import type { AnyEvent } from "../core/event/event.ts";
import { hex } from "../core/hash.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import { joinPath, textOfJson } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";

/** A full-object checksum of bytes as they are stored. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case hex. */
  readonly hex: string;
}

export interface StoredChecksums {
  /** Of a file's object in the mirror. Undefined where the log knows none. */
  ofEntry(row: EntryRow, key: string): StoredChecksum | undefined;
  ofPack(row: PackRow): StoredChecksum | undefined;
}

/** Events that are looked at again: neighbours in the index were mostly stored together. */
const KEPT = 8;

export function storedChecksums(log: JobLog): StoredChecksums {
  const kept = new Map<number, ReadonlyMap<string, StoredChecksum>>();

  function storedAt(position: number): ReadonlyMap<string, StoredChecksum> {
    let found = kept.get(position);
    if (found === undefined) {
      const [event] = log.events({ from: position, to: position });
      found = checksumsIn(event);
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
      kept.set(position, found);
    }
    return found;
  }

  return {
    ofEntry({ content: { stored, header, sha256 } }, key) {
      // Where it is not encrypted, what is stored is the content itself.
      if (header === 0 && sha256 !== null) return { algorithm: "SHA256", hex: hex(sha256) };
      return storedAt(stored).get(key);
    },
    ofPack(row) {
      const confirmed = storedAt(row.stored).get(row.key);
      if (confirmed !== undefined) return confirmed;
      const parts = log.index.packs.parts(row.id);
      const whole = parts.at(-1)?.whole ?? "";
      // What closes a pack early comes behind its parts: their checksum is not the object's.
      const isWhole = parts.reduce((sum, { size }) => sum + size, 0) === row.size;
      return whole !== "" && isWhole ? { algorithm: "CRC32", hex: whole } : undefined;
    },
  };
}

/** By key. SHA-256 goes before the store's own CRC32. */
function checksumsIn(event: AnyEvent | undefined): Map<string, StoredChecksum> {
  const found = new Map<string, StoredChecksum>();
  if (event?.type === "PackStored") {
    const crc32 = fullCrc32(event.data.checksum);
    if (crc32 !== undefined) found.set(event.data.key, crc32);
  }
  if (event?.type !== "ObjectsStored" && event?.type !== "ObjectCopied") return found;
  const { source, folders } = event.data;
  for (const { path: folder, objects } of folders) {
    for (const { key, name, storedSha256, checksum } of objects) {
      const at = key ?? keyOfPath(source, joinPath(textOfJson(folder), textOfJson(name)), false);
      const known = storedSha256 === undefined
        ? fullCrc32(checksum)
        : { algorithm: "SHA256" as const, hex: storedSha256 };
      if (known !== undefined) found.set(at, known);
    }
  }
  return found;
}

/** A composite one ("crc32-parts:…") is of the parts' checksums: AWS computes none that it equals. */
function fullCrc32(checksum: string | undefined): StoredChecksum | undefined {
  const match = /^crc32:([0-9a-f]{8})$/.exec(checksum ?? "");
  return match === null ? undefined : { algorithm: "CRC32", hex: match[1] };
}
