import { HoldfastError, isKind } from "../../core/error.ts";

export type ByteSource = AsyncIterator<Uint8Array>;

export interface ResumingOptions {
  readonly first: ByteSource;
  /** Bytes that `first` should give. */
  readonly length: number;
  /** Opens the rest after `received` bytes, with the store's own retries. */
  reopen(received: number): Promise<ByteSource>;
  /** The error where the rest is not of the same object any more. */
  changed(cause: unknown): HoldfastError;
  /** Waits before a reopening that follows `tries` others without a byte in between. */
  pause(tries: number): Promise<void>;
}

/** The bytes of an object, read on where the connection is lost in the middle. */
export function resumingStream(options: ResumingOptions): ReadableStream<Uint8Array> {
  let source = options.first;
  let received = 0;
  let barren = 0;

  /** The next bytes; undefined where the connection gave no more of them. */
  async function read(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await source.next();
      return done ? undefined : value;
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      return undefined;
    }
  }

  async function reopen(): Promise<void> {
    if (barren > 0) await options.pause(barren);
    barren++;
    try {
      source = await options.reopen(received);
    } catch (error) {
      throw isKind(error, "conflict") ? options.changed(error) : error;
    }
  }

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (received < options.length) {
        const bytes = await read();
        if (bytes === undefined) {
          await reopen();
          continue;
        }
        if (bytes.length === 0) continue;
        barren = 0;
        received += bytes.length;
        if (received > options.length) throw tooLong(options.length);
        controller.enqueue(bytes);
        return;
      }
      // Read to its end, so that the connection is free for the next request.
      if (await read() !== undefined) throw tooLong(options.length);
      controller.close();
    },
    async cancel() {
      await source.return?.();
    },
  });
}

function tooLong(length: number): HoldfastError {
  return new HoldfastError("damage", `the store sent more than the ${length} bytes it announced`);
}
