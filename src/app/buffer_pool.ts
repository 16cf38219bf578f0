/** Buffers of one size, used again: fresh ones would wait in memory for the garbage collector. */
export interface BufferPool {
  /** A view of `length` bytes; its content is whatever was there. */
  take(length: number): Uint8Array<ArrayBuffer>;
  give(buffer: Uint8Array<ArrayBuffer>): void;
}

export function bufferPool(size: number): BufferPool {
  const free: ArrayBuffer[] = [];
  return {
    take(length) {
      const buffer = length > size ? new ArrayBuffer(length) : free.pop() ?? new ArrayBuffer(size);
      return new Uint8Array(buffer, 0, length);
    },
    give({ buffer }) {
      if (buffer.byteLength === size) free.push(buffer);
    },
  };
}
