import { isKind, messageOf } from "../core/error.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import type { PackIndexMember } from "../core/pack/pack_index.ts";
import type { PackIndexHead } from "../core/pack/pack_index_head.ts";
import { type FrameSize, packIndexKey } from "../core/pack/pack_layout.ts";
import { compareBytes, textOfJson } from "../core/path_text.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { MemberEvent } from "./check_pack_members.ts";
import { memberPath } from "./member_header.ts";
import { fetchPackIndex, openPackIndex } from "./read_pack_index.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface IndexCheck {
  /** To be shown the members of the pack's TAR, in order. */
  member(event: MemberEvent): void;
  /** What the TAR has up to `end` cannot be read: of what the index names there nothing is known. */
  unread(end: number): void;
  /** What is wrong with the index, as a sentence; undefined where nothing is. */
  end(): string | undefined;
}

export interface IndexCheckDeps {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  readonly coding: BodyCoding;
}

type PlacedMember = Extract<PackIndexMember, { at?: number }> & { readonly at: number };

/**
 * Compares a pack's index with the pack: head and frames with what is known of it, and each member
 * with that of the TAR at its place. That an identity opens such objects is proven before: one that
 * it does not open is somebody else's.
 */
export async function indexCheck(
  deps: IndexCheckDeps,
  row: PackRow,
  frames: readonly FrameSize[],
): Promise<IndexCheck> {
  let fault: string | undefined;
  let members: Iterator<PackIndexMember> | undefined;
  let next: PlacedMember | undefined;

  /** The next member that has a place in the pack. */
  function advance(): void {
    next = undefined;
    if (members === undefined) return;
    try {
      for (let step = members.next(); !step.done; step = members.next()) {
        const { value } = step;
        if (value.is === "chunks" || value.at === undefined) continue;
        next = value as PlacedMember;
        return;
      }
    } catch (error) {
      if (!isKind(error, "damage", "failed")) throw error;
      fault ??= messageOf(error);
    }
    members = undefined;
  }

  try {
    const name = { pack: row.pack, isEncrypted: row.encryption === "age" };
    const key = packIndexKey(name.pack, name.isEncrypted);
    const index = openPackIndex(deps.hashing, await fetchPackIndex(deps, { ...name, key }));
    fault = headFault(index.head, row) ?? framesFault(index.frames, frames);
    members = index.members;
    advance();
  } catch (error) {
    if (isKind(error, "key")) fault = "it is sealed for other keys than the given";
    else if (isKind(error, "damage", "failed", "gone", "refused")) fault = messageOf(error);
    else throw error;
  }
  return {
    member(event) {
      for (; next !== undefined && next.at < event.header; advance()) {
        fault ??= `it names ${shown(next)} at ${next.at}, where the pack has no member`;
      }
      if (next === undefined || (next.at !== event.at && next.at !== event.header)) return;
      if (!isSame(next, event)) fault ??= `at ${next.at} the pack has another member than it names`;
      advance();
    },
    unread(end) {
      while (next !== undefined && next.at < end) advance();
    },
    end() {
      if (next !== undefined) {
        fault ??= `it names ${shown(next)} at ${next.at}, where the pack has no member`;
      }
      return fault;
    },
  };
}

function headFault(head: PackIndexHead, row: PackRow): string | undefined {
  const { size, plain, header } = head;
  if (size === row.size && plain === row.plain && header === row.header) return undefined;
  return `it is the index of a pack of ${size} bytes, not ${row.size}`;
}

function framesFault(found: readonly FrameSize[], known: readonly FrameSize[]): string | undefined {
  const isSame = found.length === known.length &&
    found.every(([compressed, plain], i) => compressed === known[i][0] && plain === known[i][1]);
  return isSame ? undefined : "its frames are not those of the pack";
}

function isSame(member: PlacedMember, { member: { path, size } }: MemberEvent): boolean {
  if (member.is === "chunk") return size === member.size;
  const { source, entry, list } = member;
  const form = list !== undefined ? "list" : entry.type === "folder" ? "folder" : "entry";
  const name = memberPath({ source, path: textOfJson(member.path) }, form);
  const bytes = list ?? (entry.type === "file" ? Number(entry.size ?? 0) : 0);
  return size === bytes && compareBytes(path, name) === 0;
}

function shown(member: PlacedMember): string {
  return member.is === "chunk" ? `the chunk ${member.sha256}` : JSON.stringify(member.path);
}
