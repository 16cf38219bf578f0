/** Reads a stream of bytes in the portions that are asked for. */
export interface PipeReader {
  /** Fills the bytes; false where the stream ends before. */
  fill(into: Uint8Array): Promise<boolean>;
  cancel(): Promise<void>;
}

/** What a pipe holds. */
const SCRATCH_BYTES = 64 * 1024;

/**
 * One buffer serves all reads, and what comes together is read together. A fresh buffer for each
 * portion would be memory outside of V8's heap, which makes it collect garbage again and again.
 */
export function pipeReader(stream: ReadableStream<Uint8Array>): PipeReader {
  const reader = stream.getReader({ mode: "byob" });
  let scratch = new ArrayBuffer(SCRATCH_BYTES);
  let held = new Uint8Array(0);

  async function refill(): Promise<boolean> {
    const { value, done } = await reader.read(new Uint8Array(scratch));
    if (value === undefined) return false;
    scratch = value.buffer as ArrayBuffer;
    held = value;
    return !done;
  }

  return {
    async fill(into) {
      for (let at = 0; at < into.length;) {
        if (held.length === 0 && !await refill()) return false;
        const taken = held.subarray(0, into.length - at);
        into.set(taken, at);
        at += taken.length;
        held = held.subarray(taken.length);
      }
      return true;
    },
    cancel: () => reader.cancel(),
  };
}
