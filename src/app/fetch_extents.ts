import { HoldfastError } from "../core/error.ts";
import type { PackFetch } from "../core/pack/extent_ranges.ts";
import { byteBudget } from "./byte_budget.ts";
import { inParallel } from "./in_parallel.ts";
import type { PackedExtent, PackReader } from "./pack_reader.ts";
import { planExtents, type PlannedRead } from "./plan_extents.ts";

/** Ranged reads at once … */
const READS = 4;
/** … and bytes of the frames that they have in memory. */
const MEMORY = 48 * 1024 * 1024;
/** Extents planned at once where they end with a frame … */
const PLANNED = 500;
/** … and where they do not: a frame has a thousand contents at most, but many may want one. */
const MOST_PLANNED = 2000;

/**
 * Fetches extents, given in order of pack and place: each frame that holds one is read once, several
 * reads at a time. `each` is told their contents as they arrive, or why one cannot be had. Throws what
 * is no extent's fault, kind "key" among it.
 */
export async function fetchExtents<E extends PackedExtent>(
  reader: PackReader,
  extents: Iterable<E>,
  each: (extent: E, content: Uint8Array | HoldfastError) => Promise<unknown> | void,
): Promise<void> {
  const memory = byteBudget(MEMORY);
  await inParallel(plannedReads(reader, extents), READS, async (planned) => {
    if ("failure" in planned) {
      for (const extent of planned.extents) await each(extent, planned.failure);
      return;
    }
    const needed = frameBytes(planned.fetch);
    await memory.acquire(needed);
    try {
      for await (const frame of reader.read(planned.pack, planned.fetch)) {
        for (const { extent, content } of frame) {
          const pause = each(extent, content);
          if (pause !== undefined) await pause;
        }
      }
    } finally {
      memory.release(needed);
    }
  });
}

/** Of its largest frame, compressed and not. */
function frameBytes<E extends PackedExtent>({ frames }: PackFetch<E>): number {
  return Math.max(...frames.map(({ compressed, plain }) => compressed + plain));
}

async function* plannedReads<E extends PackedExtent>(
  reader: PackReader,
  extents: Iterable<E>,
): AsyncGenerator<PlannedRead<E>> {
  let batch: E[] = [];
  for (const extent of extents) {
    if (batch.length > 0 && await isApart(reader, batch, extent)) {
      yield* await planExtents(reader, batch);
      batch = [];
    }
    batch.push(extent);
  }
  if (batch.length > 0) yield* await planExtents(reader, batch);
}

/** True where the extent is not to be planned with those before it. */
async function isApart<E extends PackedExtent>(
  reader: PackReader,
  batch: readonly E[],
  { pack: id, at }: E,
): Promise<boolean> {
  const last = batch[batch.length - 1];
  if (last.pack !== id || batch.length >= MOST_PLANNED) return true;
  if (batch.length < PLANNED) return false;
  try {
    const pack = await reader.open(id);
    return pack.frameOf(last.at) !== pack.frameOf(at);
  } catch (error) {
    if (error instanceof HoldfastError) return true;
    throw error;
  }
}
