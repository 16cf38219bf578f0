import { hex } from "../core/hash.ts";
import { type ContentFilter, contentFilter } from "../core/pack/content_filter.ts";
import type { FrameSize } from "../core/pack/pack_layout.ts";
import type { PackPart } from "../core/pack/part_maker.ts";
import { byteBudget } from "./byte_budget.ts";
import { ownThreadSealing } from "./own_thread_sealing.ts";
import type { PackContext } from "./pack_context.ts";
import { memberEvents, type PendingEntry, type PendingMember } from "./pack_members.ts";
import { type PackStream, packStream } from "./pack_stream.ts";
import { type PackUpload, packUpload } from "./pack_upload.ts";

/** Puts members into packs, one after the other; several packs are on their way at once. */
export interface PackWriter {
  /** True where a pack has this content, or gets it in this run. */
  has(sha256: Uint8Array): boolean;
  /**
   * An entry with a member of its own: `header` stands before its content in the TAR. Behind it come
   * members of `links`, headers alone, which no entry's content is in: further names of a file.
   */
  add(
    entry: PendingEntry,
    header: Uint8Array,
    content?: Uint8Array,
    links?: Iterable<Uint8Array>,
  ): Promise<void>;
  addChunk(sha256: string, header: Uint8Array, content: Uint8Array): Promise<void>;
  /** The list of the chunks of a content of `size` bytes that no present entry has. */
  addFormerList(
    sha256: string,
    size: number,
    header: Uint8Array,
    text: Uint8Array,
  ): Promise<void>;
  /** Of a large file, before its entry: the hashes of its chunks. */
  list(sha256: string, chunks: readonly string[]): void;
  /** An entry whose content is in a pack already, or of which only the metadata changed. */
  note(entry: PendingEntry): void;
  /** Ends the pack at hand and waits for all. */
  finish(): Promise<void>;
  /** Waits for what is on its way, also where the run has failed, and lets go of the other thread. */
  close(): Promise<void>;
}

/** Packs that are completed at once, beside the one that is written. */
const COMPLETING = 3;
/** Entries without a member that wait for an event. */
const LOOSE = 1000;
/** Members that wait for one, beyond a frame. */
const WAITING = 2000;

interface OpenPack {
  readonly stream: PackStream;
  readonly upload: PackUpload;
  /** Not in the log yet; each from a part on that ends at `end` bytes of TAR or later. */
  pending: { readonly member: PendingMember; readonly end: number }[];
}

/** About how much there is to be packed. */
export interface ExpectedContents {
  readonly bytes: number;
  readonly entries: number;
}

export function packWriter(context: PackContext, expected: ExpectedContents): PackWriter {
  const { log, run, options, packs } = context;
  // Beside these there are the part that is made and the one that waits.
  const memory = byteBudget(options.partSize * options.workers);
  const sealing = packs.otherThread(expected.bytes) ??
    ownThreadSealing(options.hashing, packs.sealer);
  const asked = firstFilter(context, expected);
  /** Contents that the index does not know yet. */
  const isPending = new Set<string>();
  const completing = new Set<Promise<void>>();
  let current: OpenPack | undefined;
  let loose: PendingMember[] = [];
  let failure: unknown;

  async function open(): Promise<OpenPack> {
    if (current !== undefined) return current;
    const sealed = await sealing.begin(options.partSize);
    const release = (body: Uint8Array<ArrayBuffer>) => {
      sealed.reuse(body);
      memory.release(options.partSize);
    };
    const upload = packUpload(context, hex(packs.random.bytes(16)), sealed.header, release);
    const pending = loose.map((member) => ({ member, end: 0 }));
    const stream = packStream(sealed, {
      onPart: (part) => send(made, part),
      onFrame: (frame, end) => framed(made, frame, end),
    });
    const made: OpenPack = { upload, pending, stream };
    loose = [];
    return current = made;
  }

  async function send(pack: OpenPack, part: PackPart): Promise<void> {
    await memory.acquire(options.partSize);
    const members = taken(pack, part.plain);
    const sent = pack.upload.part(part, members);
    // From here on the index knows them.
    for (const member of members) forget(member);
    await sent;
  }

  /** Many small files are a part: what is in it goes into the log as it comes. */
  function framed(pack: OpenPack, frame: FrameSize, end: number): void {
    pack.upload.frame(frame);
    const isSmall = pack.stream.stored() < options.minArchiveSize;
    if (isSmall || pack.pending.length < WAITING) return;
    const members = taken(pack, end);
    pack.upload.members(members);
    for (const member of members) forget(member);
  }

  /** Those that lie before a part's end. */
  function taken(pack: OpenPack, plain: number): PendingMember[] {
    const count = pack.pending.findIndex(({ end }) => end > plain);
    const split = count < 0 ? pack.pending.length : count;
    const members = pack.pending.slice(0, split).map(({ member }) => member);
    pack.pending = pack.pending.slice(split);
    return members;
  }

  function remember(pack: OpenPack, member: PendingMember): void {
    pack.pending.push({ member, end: pack.stream.plain() });
    const sha256 = hashOf(member);
    if (sha256 !== undefined) isPending.add(sha256);
  }

  function forget(member: PendingMember): void {
    const sha256 = hashOf(member);
    if (sha256 !== undefined) isPending.delete(sha256);
  }

  async function added(pack: OpenPack, member: PendingMember): Promise<void> {
    remember(pack, member);
    await pack.stream.ready();
    if (failure !== undefined) throw failure;
    if (pack.stream.stored() >= packs.packSize) await end();
  }

  function flushLoose(): void {
    if (loose.length === 0) return;
    log.append(run, memberEvents(loose, undefined).events);
    loose = [];
  }

  async function end(): Promise<void> {
    if (current === undefined) return;
    const { stream, upload } = current;
    // Only once all its members are in the log is it no longer the one that others wait with.
    await stream.end();
    current = undefined;
    const done: Promise<void> = upload.complete()
      .catch((error) => void (failure ??= error))
      .finally(() => completing.delete(done));
    completing.add(done);
    while (completing.size > COMPLETING) await Promise.race(completing);
    if (failure !== undefined) throw failure;
  }

  return {
    has(sha256) {
      if (asked?.mayHave(sha256) === false) {
        asked.add(sha256);
        return false;
      }
      return isPending.has(hex(sha256)) || log.index.packs.has(sha256);
    },
    async add(entry, header, content, links = []) {
      const pack = current ?? await open();
      const at = pack.stream.add(header, content);
      // At once: the pack may end behind the entry, and a link is to be in the same one.
      for (const link of links) pack.stream.add(link);
      await added(pack, { ...entry, packed: { ...entry.packed, at } });
    },
    async addChunk(sha256, header, content) {
      const pack = current ?? await open();
      const at = pack.stream.add(header, content);
      await added(pack, { kind: "chunk", sha256, size: content.length, at });
    },
    async addFormerList(sha256, size, header, text) {
      const pack = current ?? await open();
      const at = pack.stream.add(header, text);
      await added(pack, { kind: "chunk", sha256, size, at, list: text.length });
    },
    list(sha256, chunks) {
      const member: PendingMember = { kind: "list", sha256, chunks };
      if (current === undefined) loose.push(member);
      else remember(current, member);
    },
    note(entry) {
      if (current !== undefined) return remember(current, entry);
      loose.push(entry);
      if (loose.length >= LOOSE) flushLoose();
    },
    async finish() {
      await end();
      flushLoose();
      await Promise.all(completing);
      if (failure !== undefined) throw failure;
    },
    async close() {
      await Promise.all(completing);
      sealing.close();
    },
  };
}

/** Where there is no pack yet, what was never asked for is in none: most contents of a first run. */
function firstFilter(
  { log, packs }: PackContext,
  { bytes, entries }: ExpectedContents,
): ContentFilter | undefined {
  for (const _ of log.index.packs.all()) return undefined;
  return contentFilter(entries + bytes / packs.chunkThreshold * CHUNKS_EACH);
}

/** Of so many bytes as make a file large: 1 MiB each at least. */
const CHUNKS_EACH = 16;

/** Of a content that a pack gets. */
function hashOf(member: PendingMember): string | undefined {
  if (member.kind === "chunk") return member.sha256;
  return member.kind === "entry" && member.packed.at !== undefined
    ? member.packed.sha256
    : undefined;
}
