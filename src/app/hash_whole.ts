import type { SourceFile } from "../ports/source.ts";
import type { StoreContext } from "./store_context.ts";

/** SHA-256 of a file from where it is read to its end; in memory is one part at a time. */
export async function hashWhole(
  context: StoreContext,
  file: Pick<SourceFile, "read">,
): Promise<Uint8Array> {
  const { partSize, hashing } = context.options;
  await context.budget.acquire(partSize);
  const buffer = context.buffers.take(partSize);
  try {
    const hash = hashing.incremental();
    for (;;) {
      const length = await file.read(buffer);
      if (length === 0) return hash.digest();
      hash.update(buffer.subarray(0, length));
      context.signal.throwIfAborted();
    }
  } finally {
    context.buffers.give(buffer);
    context.budget.release(partSize);
  }
}
