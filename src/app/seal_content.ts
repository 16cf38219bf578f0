import { sizeAsStored } from "../core/mirror/sealed_size.ts";
import { AGE_CHUNK, AGE_TAG } from "../core/pack/pack_layout.ts";
import type { AgeFile } from "../ports/cipher.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { SourceFile } from "../ports/source.ts";

/** A content of one piece as one age file. */
export function sealWhole(age: AgeFile, plain: Uint8Array): Uint8Array {
  const { header } = age;
  const sealed = new Uint8Array(sizeAsStored(plain.length, header.length));
  sealed.set(header);
  let at = header.length;
  const final = lastChunk(plain.length);
  for (let counter = 0; counter <= final; counter++) {
    const chunk = plain.subarray(counter * AGE_CHUNK, (counter + 1) * AGE_CHUNK);
    at += age.chunk(chunk, { counter, last: counter === final }, sealed, at);
  }
  return sealed;
}

/** A file that is read as the age file of its content. */
export interface SealedReading extends Pick<SourceFile, "read"> {
  /** Bytes that there are to be read. */
  readonly size: number;
  /** SHA-256 of the content, once all of it was read. */
  digest(): Uint8Array;
}

/** Read at once: from here on a read of a file does not hold up what else is under way. */
const BLOCK = 16 * AGE_CHUNK;

/**
 * Seals a file of `size` bytes while it is read, once; little more than 1 MiB of it is in memory. A
 * file that is shorter ends early, without the chunk that would make it whole.
 */
export function sealedReading(
  file: Pick<SourceFile, "read">,
  { age, size, hashing }: {
    readonly age: AgeFile;
    readonly size: number;
    readonly hashing: Hashing;
  },
): SealedReading {
  const hash = hashing.incremental();
  const final = lastChunk(size);
  const plain = new Uint8Array(Math.min(BLOCK, size));
  const spare = new Uint8Array(AGE_CHUNK + AGE_TAG);
  let block = plain.subarray(0, 0);
  let left = size;
  let counter = 0;
  /** Sealed, and not yet handed out. */
  let waiting = age.header;

  /** False where the file is shorter than it was. */
  async function readBlock(): Promise<boolean> {
    const wanted = plain.subarray(0, Math.min(plain.length, left));
    if (wanted.length > 0 && await file.read(wanted) < wanted.length) return false;
    hash.update(wanted);
    left -= wanted.length;
    block = wanted;
    return true;
  }

  /** Bytes of the next chunk, sealed into `out` at `at`; 0 where there is none. */
  async function nextChunk(out: Uint8Array, at: number): Promise<number> {
    if (counter > final) return 0;
    if (block.length === 0 && !await readBlock()) {
      counter = Infinity;
      return 0;
    }
    const chunk = block.subarray(0, AGE_CHUNK);
    block = block.subarray(AGE_CHUNK);
    const length = age.chunk(chunk, { counter, last: counter === final }, out, at);
    counter++;
    return length;
  }

  return {
    size: sizeAsStored(size, age.header.length),
    digest: () => hash.digest(),
    async read(buffer) {
      let at = 0;
      for (;;) {
        const handed = waiting.subarray(0, buffer.length - at);
        buffer.set(handed, at);
        waiting = waiting.subarray(handed.length);
        at += handed.length;
        if (at === buffer.length) return at;
        const fits = buffer.length - at >= spare.length;
        const length = fits ? await nextChunk(buffer, at) : await nextChunk(spare, 0);
        if (length === 0) return at;
        if (fits) at += length;
        else waiting = spare.subarray(0, length);
      }
    },
  };
}

function lastChunk(plain: number): number {
  return Math.max(0, Math.ceil(plain / AGE_CHUNK) - 1);
}
