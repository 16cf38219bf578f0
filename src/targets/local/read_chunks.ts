const CHUNK_BYTES = 1024 * 1024;

/** A file that was opened for reading, from its start. */
interface Readable {
  read(buffer: Uint8Array): number | Promise<number>;
  close(): void;
}

/** The file's content in chunks that the taker may keep. The file is closed in every case. */
export async function* chunksOf(open: () => Readable): AsyncGenerator<Uint8Array> {
  const file = open();
  try {
    for (;;) {
      const buffer = new Uint8Array(CHUNK_BYTES);
      const length = await file.read(buffer);
      if (length > 0) yield buffer.subarray(0, length);
      if (length < buffer.length) return;
    }
  } finally {
    file.close();
  }
}
