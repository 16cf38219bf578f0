import { HoldfastError } from "../core/error.ts";
import { compareBytes } from "../core/path_text.ts";
import type { PackedContent } from "../ports/pack_model.ts";
import type { PackedExtent, PackReader } from "./pack_reader.ts";
import { planExtents, type PlannedRead } from "./plan_extents.ts";
import { readElsewhere } from "./read_elsewhere.ts";

/** Reads on their way beside the one whose bytes are handed out. */
const AHEAD = 2;
/** Bytes of extents in one read. */
const RUN = 8 * 1024 * 1024;

/**
 * A file's content, found in the packs by its SHA-256 and checked by it: what does not fit throws
 * kind "damage" after its last bytes. Throws kind "entry" where no pack has it, or the store not that
 * pack; "key" where no identity opens it.
 */
export async function* readContent(
  reader: PackReader,
  sha256: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const found = placeOf(reader, sha256);
  if (found.list === 0) return yield* inOrder(reader, [found]);
  const chunks = reader.packs.chunks(sha256);
  const hash = reader.hashing.incremental();
  for await (const bytes of inOrder(reader, chunkPlaces(reader, chunks))) {
    hash.update(bytes);
    yield bytes;
  }
  if (compareBytes(hash.digest(), sha256) === 0) return;
  throw new HoldfastError("damage", "the chunks that it is listed to have are not its content", {
    context: { key: reader.packs.pack(found.pack)!.key, chunks: chunks.length },
  });
}

/** Where a content is. Throws kind "entry" where no complete pack has it. */
export function placeOf({ packs }: Pick<PackReader, "packs">, sha256: Uint8Array): PackedContent {
  const found = packs.locate(sha256);
  if (found !== undefined) return found;
  if (packs.has(sha256)) {
    throw new HoldfastError("entry", "the pack that its content is in was not completed", {
      hint: "`holdfast backup` completes it",
    });
  }
  throw new HoldfastError("entry", "gone: no pack has its content any more");
}

function* chunkPlaces(
  reader: PackReader,
  chunks: Iterable<Uint8Array>,
): Generator<PackedContent> {
  for (const sha256 of chunks) yield placeOf(reader, sha256);
}

async function* inOrder(
  reader: PackReader,
  extents: Iterable<PackedExtent>,
): AsyncGenerator<Uint8Array> {
  const reads = plannedReads(reader, extents);
  const ahead: Promise<Uint8Array[]>[] = [];
  try {
    for (;;) {
      while (ahead.length <= AHEAD) {
        const next = await reads.next();
        if (next.done) break;
        const contents = contentsOf(reader, next.value);
        // Whoever takes it hears of it.
        contents.catch(() => {});
        ahead.push(contents);
      }
      const first = ahead.shift();
      if (first === undefined) return;
      yield* await first;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

/** All of one read, from other packs where they have it. Throws where one cannot be had. */
async function contentsOf(
  reader: PackReader,
  planned: PlannedRead<PackedExtent>,
): Promise<Uint8Array[]> {
  const contents: Uint8Array[] = [];
  if ("failure" in planned) {
    for (const extent of planned.extents) {
      contents.push(await readElsewhere(reader, extent, planned.failure));
    }
    return contents;
  }
  for await (const frame of reader.read(planned.pack, planned.fetch)) {
    for (const { extent, content } of frame) {
      const isHere = !(content instanceof HoldfastError);
      contents.push(isHere ? content : await readElsewhere(reader, extent, content));
    }
  }
  return contents;
}

async function* plannedReads(
  reader: PackReader,
  extents: Iterable<PackedExtent>,
): AsyncGenerator<PlannedRead<PackedExtent>> {
  for (const run of runsOf(extents)) yield* await planExtents(reader, run);
}

/** Neighbours in the content that follow one another in a pack, too. */
function* runsOf(extents: Iterable<PackedExtent>): Generator<PackedExtent[]> {
  let run: PackedExtent[] = [];
  let bytes = 0;
  for (const extent of extents) {
    const last = run.at(-1);
    // Zeros are one chunk again and again: it is read once, and handed out as often as it comes.
    const added = last?.at === extent.at && last.pack === extent.pack ? 0 : extent.size;
    const follows = last !== undefined && last.pack === extent.pack && last.at <= extent.at;
    if (run.length > 0 && (!follows || bytes + added > RUN || run.length === REPEATS)) {
      yield run;
      [run, bytes] = [[], 0];
    }
    run.push(extent);
    bytes += run.length === 1 ? extent.size : added;
  }
  if (run.length > 0) yield run;
}

const REPEATS = 1000;
