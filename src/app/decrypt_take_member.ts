import { HoldfastError, isKind } from "../core/error.ts";
import { bytesOfHex, hex } from "../core/hash.ts";
import type { IndexedEntry } from "../core/pack/pack_index.ts";
import { textOfBytes } from "../core/path_text.ts";
import type { CatalogPlace } from "../ports/member_catalog.ts";
import {
  entryOfMember,
  type FrameMember,
  listedSize,
  type MemberUse,
  useOf,
} from "./decrypt_members.ts";
import { ageOf, lose, misfit, pathOf, type Survey } from "./decrypt_survey_state.ts";

/** A member's content, and what the index says of it. */
export interface Taken {
  readonly place: CatalogPlace;
  readonly content: Uint8Array;
  readonly indexed: IndexedEntry | undefined;
}

/** Tells what a member is; one that is no use is told, too. */
export function takeMember(survey: Survey, found: FrameMember, taken: Taken): void {
  const { deps, pack, sink } = survey;
  const { member } = found;
  try {
    const use = useOf(member, deps.windows);
    if (use.is === "chunk") return takeChunk(survey, use.sha256, taken);
    if (taken.indexed !== undefined && pathOf(taken.indexed) !== use.path) {
      misfit(survey);
      return takeEntry(survey, found, use, { ...taken, indexed: undefined });
    }
    takeEntry(survey, found, use, taken);
  } catch (error) {
    if (!isKind(error, "damage", "entry")) throw error;
    sink.refused(pack.file, textOfBytes(member.path), error);
  }
}

function takeChunk({ deps, sink }: Survey, sha256: string, { place, content }: Taken): void {
  const digest = deps.hashing.sha256(content);
  if (hex(digest) === sha256) return sink.content({ ...place, sha256: digest });
  throw new HoldfastError("damage", "the chunk has another SHA-256 than its name says");
}

function takeEntry(
  survey: Survey,
  { member }: FrameMember,
  use: Exclude<MemberUse, { is: "chunk" }>,
  { place, content, indexed }: Taken,
): void {
  const { path } = use;
  const age = ageOf(survey, member.mtime, indexed);
  const known = { path, age, first: null, isLinked: false };
  switch (use.is) {
    case "link":
      return takeLink(survey, member, use);
    case "list": {
      const sha256 = indexed?.entry.content?.sha256;
      const digest = sha256 === undefined ? null : bytesOfHex(sha256);
      const entry = entryOfMember(member, listedSize(content));
      if (digest !== null) survey.sink.content({ ...place, list: true, sha256: digest });
      return survey.sink.entry({
        ...{ ...known, ...entry, place: { ...place, list: true }, sha256: digest },
      });
    }
    case "entry": {
      const isFile = member.type === "file" && content.length > 0;
      const sha256 = isFile ? survey.deps.hashing.sha256(content) : null;
      const said = indexed?.entry.content?.sha256;
      if (sha256 !== null && said !== undefined && hex(sha256) !== said) {
        return lose(survey, indexed!, "its content has another SHA-256 than its index says");
      }
      const entry = entryOfMember(member, member.size);
      const whole = { ...known, ...entry, place: isFile ? place : undefined, sha256 };
      if (sha256 !== null) survey.sink.content({ ...place, sha256 });
      survey.sink.entry(whole);
      if (member.type === "file") survey.first = whole;
    }
  }
}

/** Behind the file that it is a further name of. */
function takeLink(
  { first, sink }: Survey,
  member: FrameMember["member"],
  use: Extract<MemberUse, { is: "link" }>,
): void {
  if (first === undefined || first.path !== use.first) {
    throw new HoldfastError("damage", "the file that it is a further name of is not before it");
  }
  const { age, place, sha256, stat } = first;
  const { attributes } = entryOfMember(member, 0);
  sink.entry({
    ...{ path: use.path, age, stat, target: null, attributes, place, sha256 },
    ...{ first: use.first, isLinked: false },
  });
}
