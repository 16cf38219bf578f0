import { isKind } from "../core/error.ts";
import type { ObservedContent } from "../core/event/event.ts";
import { freeBytes } from "../core/free_bytes.ts";
import { hex } from "../core/hash.ts";
import { packIndexEncoder, type PackIndexMember } from "../core/pack/pack_index.ts";
import type { PackIndexHead } from "../core/pack/pack_index_head.ts";
import { type FrameSize, packIndexKey } from "../core/pack/pack_layout.ts";
import { hashPieces } from "../core/pack/chunk_list.ts";
import { joinPath, jsonOfText, textOfJson } from "../core/path_text.ts";
import { UNSETTLED, UNSTABLE } from "../core/index/rows.ts";
import { isoTime } from "../core/time_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { framesOfLines, joinBytes, lineFrames } from "./frame_text.ts";
import type { PackContext } from "./pack_context.ts";
import type { PendingEntry, PendingMember } from "./pack_members.ts";
import { recordedEntry } from "./recorded_entry.ts";

/** Collects what is in a pack, compressed, and puts its index. */
export interface PackIndexWriter {
  /** Those of a part, before what is in it. */
  frames(frames: readonly FrameSize[]): void;
  /** `position` is that of the event that says so. In the order of the pack. */
  add(member: PendingMember, position: number): void;
  put(
    head: Omit<PackIndexHead, "log" | "created">,
    how?: { readonly replace: boolean },
  ): Promise<void>;
}

export type PackIndexContext = Pick<PackContext, "log" | "clock"> & {
  readonly options: Pick<PackContext["options"], "store" | "hashing">;
  readonly packs: Pick<PackContext["packs"], "sealer">;
};

export function packIndexWriter(
  { log, options, packs, clock }: PackIndexContext,
): PackIndexWriter {
  const { store, hashing } = options;
  const frames: FrameSize[] = [];
  const encoder = packIndexEncoder(frames);
  const body = lineFrames(hashing);
  return {
    frames: (more) => void frames.push(...more),
    add(member, position) {
      for (const found of indexed(log.index, member, position)) body.add(encoder.lines(found));
    },
    async put(head, { replace } = { replace: false }) {
      const created = isoTime(Number(clock.now() / 1_000_000n));
      const lines = encoder.head({ ...head, log: log.genesis.log, created });
      body.add([encoder.end()]);
      const plain = joinBytes([...framesOfLines(hashing, lines), ...body.end()]);
      // As its pack is: recipients may have come since that was begun.
      const isEncrypted = head.encryption === "age";
      const sealed = isEncrypted ? await packs.sealer!.seal(plain) : plain;
      if (sealed !== plain) freeBytes(plain);
      const key = packIndexKey(head.pack, isEncrypted);
      const sha256 = hex(hashing.sha256(sealed));
      try {
        await store.put(key, sealed, {
          ...{ sha256, metadata: { sha256 } },
          ifNoneMatch: !replace && store.features.conditionalPut.works,
        });
      } catch (error) {
        // Nobody else writes of this pack: it is our own, its answer lost.
        if (!isKind(error, "conflict")) throw error;
      }
    },
  };
}

function* indexed(
  index: IndexModel,
  member: PendingMember,
  position: number,
): Generator<PackIndexMember> {
  if (member.kind === "entry") yield indexedEntry(index, member, position);
  else if (member.kind === "chunk") {
    // Of former contents nothing but the log tells.
    if (member.list !== undefined) return;
    yield { is: "chunk", sha256: member.sha256, size: member.size, at: member.at };
  } else {
    for (const { from, chunks } of hashPieces(member.chunks)) {
      yield { is: "chunks", sha256: member.sha256, from, chunks };
    }
  }
}

function indexedEntry(
  index: IndexModel,
  { source, folder, row, packed }: PendingEntry,
  position: number,
): PackIndexMember {
  const { at, list, racy, sha256 } = packed;
  const content: ObservedContent = {
    stored: position,
    ...(sha256 === undefined ? {} : { sha256 }),
  };
  // As the event leaves the row (core/index/pack_fold.ts): it was read, and is looked at again if racy.
  const isFolder = "parent" in row;
  const state = isFolder ? row.state : row.state & UNSTABLE | (racy ? UNSETTLED : 0);
  return {
    ...{ is: "entry", position, source },
    path: jsonOfText(joinPath(folder, textOfJson(packed.name))),
    entry: recordedEntry(index, { ...row, state }, content),
    ...(at === undefined ? {} : { at }),
    ...(list === undefined ? {} : { list }),
  };
}
