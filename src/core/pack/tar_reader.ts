import { readPax } from "./pax_records.ts";
import { BLOCK, type TarMember, tarPadding } from "./tar_member.ts";
import { memberOf, type PaxMap, sizeOf, tarDamage, typeFlagOf } from "./tar_parse.ts";

/** What a reader has come to. Offsets are bytes of the TAR stream. */
export type TarEvent =
  | {
    readonly kind: "member";
    readonly member: TarMember;
    /** Of the first header of the member, the extended one where it has one. */
    readonly header: number;
    /** Of its content, or of what follows where it has none. */
    readonly at: number;
  }
  | {
    readonly kind: "content";
    /** Never empty. A view of what was pushed. */
    readonly bytes: Uint8Array;
    readonly at: number;
    /** Bytes of this member's content still to come. */
    readonly left: number;
  }
  /** The two blocks of zeros that end a TAR. */
  | { readonly kind: "end"; readonly at: number };

export interface TarReader {
  /** The next bytes, however cut. Throws kind "damage"; a reader that has thrown is of no more use. */
  push(bytes: Uint8Array): TarEvent[];
  /** Says that nothing more comes. Throws kind "damage" where the TAR has not ended. */
  end(): void;
}

type Stage = "header" | "records" | "content" | "padding" | "end";

interface ReaderState {
  stage: Stage;
  /** Offset of the next byte that is not dealt with. */
  at: number;
  /** Bytes of the stage still to come: of content and padding; of headers and records all of it. */
  want: number;
  /** Pieces of a header or of records that lay across pushes. */
  held: Uint8Array[];
  heldBytes: number;
  /** Where the extended header of the next member begins; -1 where it has none. */
  begin: number;
  /** Of the extended header that is being read: its flag, and the bytes that are records. */
  flag: string;
  records: number;
  isZeroSeen: boolean;
  padding: number;
  forAll: Map<string, Uint8Array>;
  forNext: PaxMap;
}

const NO_RECORDS: PaxMap = new Map();

/**
 * Reads a TAR stream piece by piece: ustar with pax headers, as `tarHeader`, GNU tar
 * (`--format=posix`) and bsdtar (`--format=pax`) write it. GNU's own long names (types L and K) and
 * sparse files that are stored without their holes are refused as damage: no pack has them. Verifies
 * checksums of headers, and that what must be zeros is. What an extended header or content holds is
 * not covered by any checksum of TAR's.
 *
 * @param from Offset in the TAR stream of the first byte that is pushed: a header's.
 */
export function tarReader(from = 0): TarReader {
  const state: ReaderState = {
    ...{ stage: "header", at: from, want: BLOCK, held: [], heldBytes: 0, begin: -1 },
    ...{ flag: "", records: 0, isZeroSeen: false, padding: 0 },
    ...{ forAll: new Map(), forNext: NO_RECORDS },
  };
  return {
    push(bytes) {
      const events: TarEvent[] = [];
      for (let used = 0; used < bytes.length;) used += step(state, bytes.subarray(used), events);
      return events;
    },
    end() {
      if (state.stage !== "end") throw tarDamage("cut off", state.at + state.heldBytes);
    },
  };
}

/** Deals with some of the bytes; how many. */
function step(state: ReaderState, bytes: Uint8Array, events: TarEvent[]): number {
  switch (state.stage) {
    case "header":
    case "records": {
      const { whole, used } = gather(state, bytes);
      if (whole === undefined) return used;
      if (state.stage === "header") onHeader(state, whole, events);
      else onRecords(state, whole);
      return used;
    }
    case "content":
      return onContent(state, bytes, events);
    case "padding":
      return onPadding(state, bytes);
    case "end":
      assertZeros(bytes, state.at);
      state.at += bytes.length;
      return bytes.length;
  }
}

/** As many bytes as the stage wants, in one piece, once they are all there. */
function gather(
  state: ReaderState,
  bytes: Uint8Array,
): { whole: Uint8Array | undefined; used: number } {
  const used = Math.min(bytes.length, state.want - state.heldBytes);
  const piece = bytes.subarray(0, used);
  if (state.heldBytes === 0 && used === state.want) return { whole: piece, used };
  // A copy: the caller may use its buffer again.
  state.held.push(piece.slice());
  state.heldBytes += used;
  if (state.heldBytes < state.want) return { whole: undefined, used };
  const whole = new Uint8Array(state.want);
  let at = 0;
  for (const held of state.held) {
    whole.set(held, at);
    at += held.length;
  }
  state.held = [];
  state.heldBytes = 0;
  return { whole, used };
}

function onHeader(state: ReaderState, header: Uint8Array, events: TarEvent[]): void {
  const offset = state.at;
  if (header[0] === 0 && isZero(header)) return onZeros(state, events);
  if (state.isZeroSeen) throw tarDamage("a header behind a block of zeros", offset);
  const flag = typeFlagOf(header, offset);
  state.at += BLOCK;
  if (flag === "x" || flag === "g") {
    if (state.begin >= 0) throw tarDamage("an extended header without a member", state.begin);
    if (flag === "x") state.begin = offset;
    const size = sizeOf(header, offset);
    state.flag = flag;
    state.records = size;
    return enter(state, "records", size + tarPadding(size));
  }
  const member = memberOf(header, recordsFor(state), offset);
  const begin = state.begin < 0 ? offset : state.begin;
  events.push({ kind: "member", member, header: begin, at: state.at });
  state.begin = -1;
  state.forNext = NO_RECORDS;
  state.padding = tarPadding(member.size);
  enter(state, "content", member.size);
}

function onZeros(state: ReaderState, events: TarEvent[]): void {
  if (state.begin >= 0) throw tarDamage("an extended header without a member", state.begin);
  if (state.isZeroSeen) {
    events.push({ kind: "end", at: state.at - BLOCK });
    state.stage = "end";
  }
  state.isZeroSeen = true;
  state.at += BLOCK;
}

/** Begins a stage that wants `want` bytes; where that is none, the one behind it. */
function enter(state: ReaderState, stage: Stage, want: number): void {
  if (want === 0 && stage === "content") return enter(state, "padding", state.padding);
  const isDone = want === 0 && (stage === "padding" || stage === "records");
  state.stage = isDone ? "header" : stage;
  state.want = isDone ? BLOCK : want;
}

function onRecords(state: ReaderState, whole: Uint8Array): void {
  const offset = state.at;
  const records = readPax(whole.subarray(0, state.records), offset);
  assertZeros(whole.subarray(state.records), offset + state.records);
  const map = state.flag === "g" ? state.forAll : new Map<string, Uint8Array>();
  for (const [key, value] of records) {
    if (key.startsWith("GNU.sparse.")) throw tarDamage("a sparse file without its holes", offset);
    map.set(key, value.slice());
  }
  if (state.flag === "x") state.forNext = map;
  state.at += whole.length;
  enter(state, "header", BLOCK);
}

function recordsFor({ forAll, forNext }: ReaderState): PaxMap {
  return forAll.size === 0 ? forNext : new Map([...forAll, ...forNext]);
}

function onContent(state: ReaderState, bytes: Uint8Array, events: TarEvent[]): number {
  const piece = bytes.subarray(0, Math.min(bytes.length, state.want));
  const left = state.want - piece.length;
  events.push({ kind: "content", bytes: piece, at: state.at, left });
  state.at += piece.length;
  enter(state, "content", left);
  return piece.length;
}

function onPadding(state: ReaderState, bytes: Uint8Array): number {
  const used = Math.min(bytes.length, state.want);
  assertZeros(bytes.subarray(0, used), state.at);
  state.at += used;
  enter(state, "padding", state.want - used);
  return used;
}

function assertZeros(bytes: Uint8Array, offset: number): void {
  if (!isZero(bytes)) throw tarDamage("something other than zeros", offset);
}

function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
