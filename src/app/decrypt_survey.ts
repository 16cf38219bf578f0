import { isKind } from "../core/error.ts";
import { bytesOfHex } from "../core/hash.ts";
import {
  attributesOfObserved,
  statOfObserved,
  targetOfObserved,
} from "../core/index/observed_stat.ts";
import type { IndexedEntry } from "../core/pack/pack_index.ts";
import type { PathText } from "../core/path_text.ts";
import { framesOf, type StreamPart } from "./decrypt_frames.ts";
import { type IndexCursor, indexCursor, openLocalIndex } from "./decrypt_index.ts";
import { checkPath, type FrameMember, membersIn } from "./decrypt_members.ts";
import { openLocalStream } from "./decrypt_stream.ts";
import {
  ageOf,
  damaged,
  lose,
  misfit,
  type OrderedPack,
  pathOf,
  type Survey,
  type SurveyDeps,
  type SurveySink,
} from "./decrypt_survey_state.ts";
import { takeMember } from "./decrypt_take_member.ts";

/** Reads a pack from its first frame to its last. Damage is told, and costs what lies in it alone. */
export async function surveyPack(
  deps: SurveyDeps,
  pack: OrderedPack,
  sink: SurveySink,
): Promise<void> {
  const survey: Survey = {
    ...{ deps, pack, sink, cursor: await openCursor(deps, pack, sink), position: 0 },
    ...{ reason: NOT_THERE, first: undefined, expected: new Map() },
  };
  try {
    const stream = await openLocalStream(pack.file, deps.opener);
    try {
      const next = (at: number) => survey.cursor?.nextFrame(at);
      for (const part of framesOf(stream, deps.hashing, next)) {
        const pause = deps.breathe();
        if (pause !== undefined) await pause;
        takePart(survey, part);
      }
    } finally {
      stream.close();
    }
  } catch (error) {
    if (!isKind(error, "damage", "key")) throw error;
    const isForeign = error.kind === "key";
    const foreign = "it is sealed for other keys than the given, which open others";
    damaged(survey, isForeign ? foreign : error.message);
  }
  expectWithin(survey, Infinity, Infinity);
}

const NOT_THERE = "it is not where its index says";

async function openCursor(
  { hashing, opener }: SurveyDeps,
  { index }: OrderedPack,
  sink: SurveySink,
): Promise<IndexCursor | undefined> {
  if (index === undefined) return undefined;
  try {
    return indexCursor(await openLocalIndex(hashing, opener, index));
  } catch (error) {
    if (!isKind(error, "damage", "key", "failed")) throw error;
    sink.damage(index, error.message);
    return undefined;
  }
}

function takePart(survey: Survey, part: StreamPart): void {
  if (part.kind === "damage") return damaged(survey, part.failure.message);
  const { at, length, plain } = part;
  const known = survey.cursor?.tarAt(at);
  if (survey.cursor !== undefined && known === undefined) misfit(survey);
  const from = known ?? 0;
  let members: FrameMember[];
  try {
    members = membersIn(plain, from);
  } catch (error) {
    if (!isKind(error, "damage")) throw error;
    return damaged(survey, error.message);
  }
  const { number } = survey.pack;
  const frame = survey.sink.frame({ pack: number, at, length, plain: plain.length });
  expectWithin(survey, from, from + plain.length);
  for (const found of members) {
    const { size } = found.member;
    const begin = found.at - from;
    const key = size > 0 ? found.at : found.header;
    const indexed = survey.expected.get(key);
    survey.expected.delete(key);
    const place = { frame, at: begin, size, list: false };
    takeMember(survey, found, { place, content: plain.subarray(begin, begin + size), indexed });
  }
  survey.reason = NOT_THERE;
  for (const member of survey.expected.values()) lose(survey, member);
}

/** Reads the index up to byte `end` of the TAR; what lies before `from` is lost. */
function expectWithin(survey: Survey, from: number, end: number): void {
  survey.expected.clear();
  try {
    for (const member of survey.cursor?.upTo(end) ?? []) {
      if (member.is !== "entry") continue;
      survey.position = member.position;
      if (member.at === undefined) takeIndexed(survey, member);
      else if (member.at < from) lose(survey, member);
      else survey.expected.set(member.at, member);
    }
  } catch (error) {
    if (!isKind(error, "damage", "failed")) throw error;
    survey.cursor = undefined;
    survey.sink.damage(survey.pack.index!, error.message);
  }
}

/** An entry that the pack has nothing of: the same content is elsewhere, or there is none. */
function takeIndexed(survey: Survey, member: IndexedEntry): void {
  const { entry } = member;
  const path = pathOf(member);
  const isEmpty = entry.type !== "file" || (entry.size ?? "0") === "0";
  const sha256 = entry.content?.sha256;
  if (!isEmpty && sha256 === undefined) return;
  // The target is a folder of the person's own.
  if (path === "" || !isPossible(survey, path)) return;
  const observed = { ...entry, name: "", change: "added" } as const;
  survey.sink.entry({
    ...{ path, age: ageOf(survey, BigInt(entry.mtime ?? 0), member) },
    ...{ stat: statOfObserved(observed), target: targetOfObserved(observed) },
    ...{ attributes: attributesOfObserved(observed), place: undefined, first: null },
    ...{ sha256: isEmpty ? null : bytesOfHex(sha256!), isLinked: false },
  });
}

function isPossible({ deps, pack, sink }: Survey, path: PathText): boolean {
  try {
    checkPath(path, deps.windows);
    return true;
  } catch (error) {
    if (!isKind(error, "damage", "entry")) throw error;
    sink.refused(pack.index!, path, error);
    return false;
  }
}
