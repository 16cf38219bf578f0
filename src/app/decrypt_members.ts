import { HoldfastError } from "../core/error.ts";
import { parseChunkList } from "../core/pack/chunk_list.ts";
import { pathOfMember } from "../core/pack/member_name.ts";
import { END_BYTES } from "../core/pack/pack_end.ts";
import type { TarMember } from "../core/pack/tar_member.ts";
import { tarReader } from "../core/pack/tar_reader.ts";
import { base64, displayPath, jsonOfText, type PathText, textOfBytes } from "../core/path_text.ts";
import { checkRestoreName } from "../core/restore_name.ts";
import { packStat } from "../core/stat_record.ts";
import type { CatalogEntry } from "../ports/member_catalog.ts";

/** A member of a frame. Offsets are those of the TAR. */
export interface FrameMember {
  readonly member: TarMember;
  readonly header: number;
  /** Of its content. */
  readonly at: number;
}

/**
 * The members of a frame, which has whole ones only. `from`: where it begins in the TAR. Throws kind
 * "damage".
 */
export function membersIn(plain: Uint8Array, from: number): FrameMember[] {
  const reader = tarReader(from);
  const events = [...reader.push(plain), ...reader.push(new Uint8Array(END_BYTES))];
  reader.end();
  return events.filter((event) => event.kind === "member");
}

/** What a member of a pack is there for. */
export type MemberUse =
  | { readonly is: "chunk"; readonly sha256: string }
  | { readonly is: "entry" | "list"; readonly path: PathText }
  | { readonly is: "link"; readonly path: PathText; readonly first: PathText };

const OWN = ".holdfast/";
const CHUNK = /^\.holdfast\/chunks\/([0-9a-f]{64})$/;
const LIST = ".holdfast-chunks";

/**
 * Throws kind "damage" where its path would lead out of the target, and "entry" where it is of a kind
 * that this program does not know, or of a name that cannot be on this machine.
 */
export function useOf({ path, type, target }: TarMember, windows: boolean): MemberUse {
  const name = textOfBytes(path);
  if (name.startsWith(OWN)) {
    const sha256 = type === "file" ? CHUNK.exec(name)?.[1] : undefined;
    if (sha256 !== undefined) return { is: "chunk", sha256 };
    throw new HoldfastError("entry", "it is a member of Holdfast's own that is not known", {
      hint: "use the newer program that wrote it",
    });
  }
  if (type === "file" && name.endsWith(LIST)) {
    return { is: "list", path: pathIn(path.subarray(0, -LIST.length), windows) };
  }
  if (type === "link") {
    return { is: "link", path: pathIn(path, windows), first: textOfBytes(pathOfMember(target!)) };
  }
  const end = type === "folder" ? path.length - 1 : path.length;
  return { is: "entry", path: pathIn(path.subarray(0, end), windows) };
}

function pathIn(member: Uint8Array, windows: boolean): PathText {
  const path = textOfBytes(pathOfMember(member));
  checkPath(path, windows);
  return path;
}

/** Throws as `useOf` does. */
export function checkPath(path: PathText, windows: boolean): void {
  for (const name of path.split("/")) {
    if (name === "" || name === "." || name === ".." || name.includes("\0")) {
      throw new HoldfastError("damage", `${displayPath(path)} is no path that an entry can have`);
    }
    checkRestoreName(name, windows);
  }
}

/** Bytes of the file that a list of chunks is of. Throws kind "damage" where it is no such list. */
export function listedSize(list: Uint8Array): number {
  const text = new TextDecoder().decode(list);
  const [, offset = 0, length = 0] = /(?:^|\n)(\d+) (\d+) \S+\n$/.exec(text) ?? [];
  const size = Number(offset) + Number(length);
  parseChunkList(text, size);
  return size;
}

/** What a member says of its entry; `size` is that of the file. */
export function entryOfMember(
  member: TarMember,
  size: number,
): Pick<CatalogEntry, "stat" | "target" | "attributes"> {
  const { type, mode, uid, gid, mtime, birth = 0n, rdev = 0n, sparse = false } = member;
  const { attributes = [], dos = 0 } = member;
  const pairs = attributes.map(({ name, value }) => [jsonOfText(textOfBytes(name)), base64(value)]);
  return {
    stat: packStat({
      ...{ type: type === "link" ? "file" : type, sparse, mode, uid, gid, fileId: 0n },
      ...{ size: BigInt(size), mtime, ctime: 0n, birth, rdev, dos },
    }),
    target: type === "symlink" ? member.target! : null,
    attributes: pairs.length === 0 ? null : JSON.stringify(pairs),
  };
}
