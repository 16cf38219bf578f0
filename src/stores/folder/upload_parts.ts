import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { HoldfastError } from "../../core/error.ts";
import type {
  CompleteOptions,
  StoredObject,
  StoreLimits,
  UploadedPart,
} from "../../ports/object_store.ts";
import { type Disk, removeQuietly } from "./disk.ts";
import { ifThere } from "./disk_error.ts";
import type { StoreState } from "./store_state.ts";
import { openUpload, partFile, partName, removeUpload, uploadFolder } from "./upload_files.ts";
import { hexOfCrc } from "./checked_line.ts";
import { type VersionWriter, writeVersion } from "./write_version.ts";

const CHUNK = 1024 * 1024;

/**
 * Keeps a part. It is not fsynced: completion reads every part again, checks its CRC32 and fsyncs
 * the whole.
 */
export async function keepPart(
  state: StoreState,
  key: string,
  id: string,
  part: number,
  body: Uint8Array,
): Promise<UploadedPart> {
  await openUpload(state.disk, state.layout, key, id);
  const etag = createHash("md5").update(body).digest("hex");
  const crc = hexOfCrc(crc32(body));
  const folder = uploadFolder(state.layout, id);
  const draft = `${folder}/${part}-${etag}.${hexOfCrc(randomNumber(state))}.tmp`;
  try {
    const file = await state.disk.create(draft);
    try {
      await file.write(body);
    } finally {
      file.close();
    }
    await state.disk.rename(draft, `${folder}/${partName(part, etag, crc)}`);
  } catch (error) {
    await removeQuietly(state.disk, [draft]);
    throw error;
  }
  return { part, etag, size: body.length, crc32: crc };
}

function randomNumber(state: StoreState): number {
  return new DataView(state.random.bytes(4).slice().buffer).getUint32(0);
}

/** Joins the parts into one version; each part's and the whole CRC32 are checked on the way. */
export async function completeParts(
  writer: VersionWriter,
  limits: StoreLimits,
  key: string,
  id: string,
  parts: readonly UploadedPart[],
  options: CompleteOptions,
): Promise<StoredObject> {
  const { disk, layout } = writer.state;
  const upload = await openUpload(disk, layout, key, id);
  checkParts(limits, key, parts);
  const stored = await writeVersion(writer, {
    key,
    options: { ...upload.options, ifNoneMatch: options.ifNoneMatch },
    chunks: readParts(disk, uploadFolder(layout, id), key, parts),
    etag: etagOf(parts),
    check: (sums) => {
      if (sums.crc32 === options.crc32 && sums.size === options.size) return;
      throw damaged(key, `its CRC32 is ${sums.crc32}, ${options.crc32} was expected`);
    },
  });
  await removeUpload(disk, layout, id);
  return stored;
}

/** S3's rules: numbers that rise, no small part but the last. */
function checkParts(limits: StoreLimits, key: string, parts: readonly UploadedPart[]): void {
  const refuse = (code: string, message: string) => {
    throw new HoldfastError("refused", `${message} in the upload of ${key}`, {
      context: { key, code },
    });
  };
  if (parts.length === 0) refuse("MalformedXML", "there is no part");
  parts.forEach(({ part, size }, i) => {
    if (i > 0 && part <= parts[i - 1].part) {
      refuse("InvalidPartOrder", `part ${part} is not in order`);
    }
    if (i < parts.length - 1 && size < limits.minPart) {
      refuse("EntityTooSmall", `part ${part} has ${size} bytes, fewer than ${limits.minPart},`);
    }
  });
}

async function* readParts(
  disk: Disk,
  folder: string,
  key: string,
  parts: readonly UploadedPart[],
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK);
  for (const part of parts) {
    const name = partName(part.part, part.etag, part.crc32);
    const file = partFile.test(name)
      ? await ifThere(disk.openRead(`${folder}/${name}`))
      : undefined;
    if (file === undefined) {
      throw new HoldfastError("refused", `part ${part.part} of ${key} was not uploaded`, {
        context: { key, part: part.part, code: "InvalidPart" },
        hint: "send the part again",
      });
    }
    try {
      let size = 0;
      let crc = 0;
      for (let count; (count = await file.read(buffer)) > 0; size += count) {
        const bytes = buffer.subarray(0, count);
        crc = crc32(bytes, crc);
        yield bytes;
      }
      if (size !== part.size || hexOfCrc(crc) !== part.crc32) {
        throw damaged(key, `part ${part.part} has the CRC32 ${hexOfCrc(crc)}, not ${part.crc32}`);
      }
    } finally {
      file.close();
    }
  }
}

/** The MD5 of the parts' MD5s, "-", their number: as S3 makes it. */
function etagOf(parts: readonly UploadedPart[]): string {
  const whole = createHash("md5");
  for (const { etag } of parts) whole.update(etag, "hex");
  return `${whole.digest("hex")}-${parts.length}`;
}

function damaged(key: string, what: string): HoldfastError {
  return new HoldfastError("damage", `the upload of ${key} is damaged: ${what}`, {
    context: { key },
    hint: "back up again: the parts are sent anew",
  });
}
