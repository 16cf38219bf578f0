import type { Decrypter } from "age-encryption";
import { HoldfastError, messageOf } from "../core/error.ts";
import { AGE_HEADER_MOST } from "../core/pack/pack_layout.ts";
import type { OpenedFile, Opener } from "../ports/cipher.ts";
import { pickAead } from "./age_aead.ts";
import { chunkOpener, NONCE, openPayload, payloadKey } from "./age_stream.ts";

/**
 * Opens what is sealed for one of these identities (AGE-SECRET-KEY-1…, AGE-SECRET-KEY-PQ-1…). Throws
 * kind "key" where one of them is none, or there are none.
 */
export async function ageOpener(identities: readonly string[]): Promise<Opener> {
  if (identities.length === 0) {
    throw new HoldfastError("key", "there is no identity to open an age file by");
  }
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  for (const [at, identity] of identities.entries()) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      // What the library says quotes the secret.
      throw new HoldfastError("key", `identity ${at + 1} is misspelt, cut off or of another kind`, {
        hint: "an identity begins with AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1",
      });
    }
  }
  return openerBy(
    decrypter,
    () =>
      new HoldfastError("key", "the age file is sealed for other keys than the given ones", {
        hint: "name the identity file of one of its recipients with --identity; " +
          "where it is the right one, the header of the file is damaged",
      }),
  );
}

/** Opens by what the decrypter holds; where nothing of it fits, throws what `noneFits` makes. */
export function openerBy(decrypter: Decrypter, noneFits: () => HoldfastError): Opener {
  // The library asks one after another, so this one is asked when all others have failed.
  decrypter.addIdentity({
    unwrapFileKey() {
      throw noneFits();
    },
  });
  const begin = (start: Uint8Array) => openHeader(decrypter, start);
  return {
    begin,
    async open(sealed) {
      const { header, chunk } = await begin(sealed);
      return openPayload(chunk, sealed.subarray(header));
    },
  };
}

async function openHeader(decrypter: Decrypter, start: Uint8Array): Promise<OpenedFile> {
  const length = headLength(start);
  const header = length + NONCE;
  if (start.length < header) throw cutOff();
  const aead = await pickAead();
  try {
    const fileKey = await decrypter.decryptHeader(start.slice(0, length));
    const key = payloadKey(fileKey, start.subarray(length, header));
    fileKey.fill(0);
    return { header, chunk: chunkOpener(aead, key) };
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError("damage", `the header of the age file is damaged: ${messageOf(error)}`);
  }
}

const INTRO = "age-encryption.org/v1\n";

/** Bytes up to the nonce. */
function headLength(start: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(start.subarray(0, AGE_HEADER_MOST));
  if (!text.startsWith(INTRO)) {
    if (INTRO.startsWith(text)) throw cutOff();
    throw new HoldfastError("damage", "it is no age file: it does not begin like one");
  }
  const mac = text.indexOf("\n--- ");
  const end = mac < 0 ? -1 : text.indexOf("\n", mac + 1);
  if (end >= 0) return end + 1;
  if (start.length < AGE_HEADER_MOST) throw cutOff();
  throw new HoldfastError(
    "damage",
    `the header of the age file has no end in ${AGE_HEADER_MOST} bytes`,
  );
}

function cutOff(): HoldfastError {
  return new HoldfastError("damage", "the age file is cut off within its header");
}
