import { HoldfastError, isKind } from "../core/error.ts";
import { AGE_CHUNK, AGE_HEADER_MOST, AGE_TAG, chunkOf } from "../core/pack/pack_layout.ts";
import type { OpenedFile, Opener } from "../ports/cipher.ts";
import type { PackFile, PackHandle } from "../ports/pack_file.ts";

/** The zstd stream of a pack on a local disk, read at any place. */
export interface LocalStream {
  /** Bytes of it that a file of this size has. */
  readonly length: number;
  /** Fills `into` with the bytes from `at` on; what cannot be had of them is left as it is. */
  fill(at: number, into: Uint8Array): StreamGap[];
  close(): void;
}

/** Bytes of the stream that cannot be had, and why (kind "damage"). */
export interface StreamGap {
  readonly from: number;
  readonly to: number;
  readonly failure: HoldfastError;
}

/**
 * Throws kind "damage" where the file cannot be read or is no age file, and "key" where no identity
 * opens it.
 */
export async function openLocalStream(
  file: PackFile,
  opener: Opener | undefined,
): Promise<LocalStream> {
  const handle = file.open();
  try {
    const fill = file.isEncrypted
      ? sealedFill(file, handle, await openHeader(file, handle, opener))
      : { length: file.size, fill: plainFill(handle) };
    return { ...fill, close: () => handle.close() };
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** Reads the header of an encrypted file. Throws as `openLocalStream` does. */
export async function openHeader(
  { name, size }: PackFile,
  handle: PackHandle,
  opener: Opener | undefined,
): Promise<OpenedFile> {
  const context = { file: name };
  if (opener === undefined) {
    throw new HoldfastError("key", `${name} is encrypted, and no identity is given`, {
      context,
      hint: "name the identity file with --identity or HOLDFAST_IDENTITY_FILE",
    });
  }
  const start = new Uint8Array(Math.min(AGE_HEADER_MOST, size));
  const read = handle.read(0, start);
  try {
    return await opener.begin(start.subarray(0, read));
  } catch (cause) {
    if (!isKind(cause, "key")) throw cause;
    throw new HoldfastError("key", `${name} is sealed for other keys than the given`, {
      context,
      hint: "name the identity file of one of its recipients with --identity",
      cause,
    });
  }
}

type Fill = LocalStream["fill"];

function plainFill(handle: PackHandle): Fill {
  return inPieces((at, into) => {
    const read = handle.read(at, into);
    if (read < into.length) {
      throw new HoldfastError("damage", "it became shorter while it was read");
    }
    return [];
  });
}

const SEALED = AGE_CHUNK + AGE_TAG;

function sealedFill(
  { size }: PackFile,
  handle: PackHandle,
  { header, chunk }: OpenedFile,
): Pick<LocalStream, "length" | "fill"> {
  const chunks = Math.max(1, Math.ceil((size - header) / SEALED));
  const rest = size - header - (chunks - 1) * SEALED;

  /** The last one of a file that was cut off is none, nor is one behind which something was put. */
  function open(counter: number, sealed: Uint8Array): Uint8Array {
    const last = counter === chunks - 1;
    try {
      return chunk(sealed, { counter, last });
    } catch (error) {
      try {
        return chunk(sealed, { counter, last: !last });
      } catch {
        throw error;
      }
    }
  }

  const fill = inPieces((at, into) => {
    const [first, end] = [chunkOf(at), chunkOf(at + into.length - 1) + 1];
    const sealed = new Uint8Array((end - first) * SEALED);
    const read = handle.read(header + first * SEALED, sealed);
    const gaps: StreamGap[] = [];
    for (let counter = first; counter < end; counter++) {
      const begin = (counter - first) * SEALED;
      const from = Math.max(at, counter * AGE_CHUNK);
      const to = Math.min(at + into.length, (counter + 1) * AGE_CHUNK);
      try {
        const plain = open(counter, sealed.subarray(begin, Math.min(begin + SEALED, read)));
        const skipped = counter * AGE_CHUNK;
        into.set(plain.subarray(from - skipped, to - skipped), from - at);
      } catch (failure) {
        if (!isKind(failure, "damage")) throw failure;
        gaps.push({ from, to, failure });
      }
    }
    return gaps;
  });
  return { length: (chunks - 1) * AGE_CHUNK + Math.max(0, rest - AGE_TAG), fill };
}

/** Where the disk does not give all of it, chunk by chunk: a bad place costs no more than that. */
function inPieces(fill: Fill): Fill {
  return (at, into) => {
    if (into.length === 0) return [];
    try {
      return fill(at, into);
    } catch (failure) {
      if (!isKind(failure, "damage")) throw failure;
      if (into.length <= AGE_CHUNK) return [{ from: at, to: at + into.length, failure }];
    }
    const gaps: StreamGap[] = [];
    for (let done = 0; done < into.length; done += AGE_CHUNK) {
      gaps.push(...inPieces(fill)(at + done, into.subarray(done, done + AGE_CHUNK)));
    }
    return gaps;
  };
}
