import { HoldfastError } from "../core/error.ts";
import { bytesOfHex, hex } from "../core/hash.ts";
import { parseChunkList } from "../core/pack/chunk_list.ts";
import { type TarEvent, tarReader } from "../core/pack/tar_reader.ts";
import { compareBytes } from "../core/path_text.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { PackedContent, PackModel } from "../ports/pack_model.ts";
import type { WholeFrame } from "./whole_pack.ts";

export type MemberEvent = Extract<TarEvent, { kind: "member" }>;

/** What of a pack is not what was stored. */
export interface MemberFaults {
  readonly contents: Uint8Array[];
  /** The first of the reasons. */
  reason: string | undefined;
}

export interface MemberCheck {
  readonly packs: PackModel;
  readonly hashing: Hashing;
  /** Contents that the pack should have, by place. */
  readonly expected: Iterator<PackedContent>;
  readonly faults: MemberFaults;
  /** Called with each member of the TAR, in order. */
  readonly member: (event: MemberEvent) => void;
  /** Called behind a frame that cannot be read. */
  readonly unread: (end: number) => void;
}

/** Compares the frames of a pack, one after the other, with what the index says of them. */
export function memberCheck(check: MemberCheck): (frame: WholeFrame) => void {
  let next = check.expected.next();

  /** Those that should be in the frames up to `end`. */
  function* expectedBefore(end: number): Generator<PackedContent> {
    for (; !next.done && next.value.at < end; next = check.expected.next()) yield next.value;
  }

  return ({ tar, length, plain }) => {
    const found = plain instanceof HoldfastError ? plain : contentsOf(check, tar, plain);
    for (const content of expectedBefore(tar + length)) {
      const reason = found instanceof HoldfastError
        ? found.message
        : judge(check, content, found.get(content.at));
      if (reason === undefined) continue;
      check.faults.contents.push(content.sha256);
      check.faults.reason ??= reason;
    }
    if (!(found instanceof HoldfastError)) return;
    check.faults.reason ??= found.message;
    check.unread(tar + length);
  };
}

/** Contents of a frame's members by their offset. A frame begins and ends with a member. */
function contentsOf(
  { member }: MemberCheck,
  tar: number,
  plain: Uint8Array,
): Map<number, Uint8Array> | HoldfastError {
  const contents = new Map<number, Uint8Array>();
  try {
    for (const event of tarReader(tar).push(plain)) {
      if (event.kind === "member") member(event);
      else if (event.kind === "content" && event.left === 0) contents.set(event.at, event.bytes);
    }
    return contents;
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

function judge(
  { packs, hashing }: MemberCheck,
  { sha256, at, size, list }: PackedContent,
  bytes: Uint8Array | undefined,
): string | undefined {
  if (bytes === undefined) return `its TAR has no content at ${at}`;
  if (list > 0) return listFault(packs, { sha256, size }, bytes);
  if (bytes.length === size && compareBytes(hashing.sha256(bytes), sha256) === 0) return undefined;
  return `the content at ${at} of its TAR has another SHA-256`;
}

/** A list names the chunks that the index knows. */
function listFault(
  packs: PackModel,
  { sha256, size }: { readonly sha256: Uint8Array; readonly size: number },
  bytes: Uint8Array,
): string | undefined {
  try {
    const listed = parseChunkList(new TextDecoder().decode(bytes), size);
    const known = packs.chunks(sha256);
    const isSame = listed.length === known.length &&
      listed.every((chunk, i) => compareBytes(bytesOfHex(chunk.sha256), known[i]) === 0);
    return isSame ? undefined : `the list of the content ${hex(sha256)} names other chunks`;
  } catch (error) {
    if (error instanceof HoldfastError) return error.message;
    throw error;
  }
}
