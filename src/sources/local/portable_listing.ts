import { bytesOfText, compareText, type PathText } from "../../core/path_text.ts";
import { packStat, STAT_RECORD_BYTES } from "../../core/stat_record.ts";
import { statOfInfo } from "../../libc/deno_stat.ts";
import type { FolderListing } from "../../ports/source.ts";
import { reasonOf } from "./portable_call.ts";

const NOT_UTF8 = "the name is not UTF-8, which this system's walker cannot read";

/** Looks at every name, in byte order, and packs the answers as ports/source.ts has them. */
export function packPortableListing(
  folder: string,
  device: number,
  found: string[],
): FolderListing {
  found.sort(compareText);
  const most = found.length;
  const nameEnds = new Uint32Array(most);
  const stats = new Uint8Array(most * STAT_RECORD_BYTES);
  const links = new Uint32Array(most);
  const mounts = new Uint8Array(most);
  const kept: string[] = [];
  const failed: { name: PathText; reason: string }[] = [];
  let end = 0;
  for (const name of found) {
    const info = lookAt(folder, name, failed, kept.at(-1));
    const stat = info && statOfInfo(info);
    if (info === undefined || stat === undefined) continue;
    const count = kept.length;
    end += bytesOfText(name).length;
    nameEnds[count] = end;
    stats.set(packStat(stat), count * STAT_RECORD_BYTES);
    const elsewhere = info.dev !== device;
    links[count] = stat.type === "folder" || elsewhere ? 1 : info.nlink ?? 1;
    mounts[count] = stat.type === "folder" && elsewhere ? 1 : 0;
    kept.push(name);
  }
  const count = kept.length;
  return {
    count,
    names: bytesOfText(kept.join("")),
    nameEnds: nameEnds.subarray(0, count),
    stats: stats.subarray(0, count * STAT_RECORD_BYTES),
    links: links.subarray(0, count),
    mounts: mounts.subarray(0, count),
    failed,
  };
}

/**
 * The runtime decodes a name that is not UTF-8 with U+FFFD in it, so that it names nothing, or even
 * another entry: the first is told by the failing lstat, the second by the name coming twice.
 */
function lookAt(
  folder: string,
  name: string,
  failed: { name: PathText; reason: string }[],
  previous: string | undefined,
): Deno.FileInfo | undefined {
  const suspect = name.includes("\ufffd");
  if (name === previous) {
    if (suspect) failed.push({ name, reason: NOT_UTF8 });
    return undefined;
  }
  try {
    return Deno.lstatSync(`${folder}/${name}`);
  } catch (error) {
    const vanished = error instanceof Deno.errors.NotFound;
    if (!vanished) failed.push({ name, reason: reasonOf(error) });
    else if (suspect) failed.push({ name, reason: NOT_UTF8 });
    return undefined;
  }
}
