import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import { memberName } from "../core/pack/member_name.ts";
import { tarHeader } from "../core/pack/tar_header.ts";
import type { TarAttribute, TarMember } from "../core/pack/tar_member.ts";
import { bytesOfText, joinPath, type PathText } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import { attributesOf } from "./stored_attributes.ts";
import type { OwnerNames } from "./store_context.ts";

export interface MemberPlace {
  readonly source: string;
  /** From the source's root. */
  readonly path: PathText;
}

/** What stands before an entry's content in a pack. `size`: bytes of that content. */
export function entryHeader(
  place: MemberPlace,
  row: EntryRow | FolderRow,
  owners: OwnerNames,
  size = 0,
): Uint8Array {
  const { type } = unpackStat(row.stat);
  return tarHeader({
    ...metadataOf(row, owners),
    path: memberPath(place, type === "folder" ? "folder" : "entry"),
    ...{ type, size },
    ...("target" in row && row.target !== null ? { target: row.target } : {}),
  });
}

/** The list of a large file's chunks, with the file's own metadata (docs/bucket_format.md). */
export function listHeader(
  place: MemberPlace,
  row: EntryRow,
  owners: OwnerNames,
  size: number,
): Uint8Array {
  const path = memberPath(place, "list");
  return tarHeader({ ...metadataOf(row, owners), path, type: "file", size });
}

/** The name that an entry has in a pack's TAR. */
export function memberPath(place: MemberPlace, form: "folder" | "list" | "entry"): Uint8Array {
  const name = memberName(fullName(place));
  if (form === "entry") return name;
  return suffixed(name, form === "folder" ? "/" : ".holdfast-chunks");
}

/** A further name of a file that the same pack has under its first one. */
export function linkHeader(
  place: MemberPlace,
  first: MemberPlace,
  row: EntryRow,
  owners: OwnerNames,
): Uint8Array {
  const target = memberPath(first, "entry");
  const path = memberPath(place, "entry");
  return tarHeader({ ...metadataOf(row, owners), path, type: "link", target, size: 0 });
}

export function chunkHeader(sha256: string, size: number): Uint8Array {
  const path = encoder.encode(`.holdfast/chunks/${sha256}`);
  return tarHeader({ path, type: "file", mode: 0o600, uid: 0, gid: 0, size, mtime: 0n });
}

/** The list of the chunks of a content that no present entry has; `size` are its own bytes. */
export function formerListHeader(sha256: string, size: number): Uint8Array {
  const path = encoder.encode(`.holdfast/chunks/${sha256}.holdfast-chunks`);
  return tarHeader({ path, type: "file", mode: 0o600, uid: 0, gid: 0, size, mtime: 0n });
}

const encoder = new TextEncoder();

function fullName({ source, path }: MemberPlace): Uint8Array {
  if (source === "") return bytesOfText(path);
  return bytesOfText(path === "" ? source : joinPath(source, path));
}

function suffixed(name: Uint8Array, suffix: string): Uint8Array {
  const all = new Uint8Array(name.length + suffix.length);
  all.set(name);
  all.set(encoder.encode(suffix), name.length);
  return all;
}

function metadataOf(
  row: EntryRow | FolderRow,
  owners: OwnerNames,
): Omit<TarMember, "path" | "type" | "size"> {
  const { mode, uid, gid, mtime, birth, rdev, sparse, dos } = unpackStat(row.stat);
  const attributes: TarAttribute[] = attributesOf(row.attributes)
    .map(({ name, value }) => ({ name: bytesOfText(name), value }));
  return {
    ...{ mode, uid, gid, mtime, ...owners(uid, gid) },
    ...(birth === 0n ? {} : { birth }),
    ...(rdev === 0n ? {} : { rdev }),
    ...(sparse ? { sparse } : {}),
    ...(dos ? { dos } : {}),
    ...(attributes.length === 0 ? {} : { attributes }),
  };
}
