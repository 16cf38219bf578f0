import { AGE_TAG } from "../core/pack/pack_layout.ts";
import type { AgeFile, Sealer } from "../ports/cipher.ts";
import { pickAead } from "./age_aead.ts";
import { checkRecipients, malformedRecipient } from "./age_recipients.ts";
import { chunkSealer, NONCE, payloadKey, sealedLength, sealPayload } from "./age_stream.ts";

type AgeLibrary = typeof import("age-encryption");

/**
 * Seals for all these recipients: X25519 (age1…) or post-quantum ones (age1pq1…), never both, at most
 * 20. Throws kind "usage" that names the recipient which is none.
 */
export async function ageSealer(recipients: readonly string[]): Promise<Sealer> {
  checkRecipients(recipients);
  const [age, aead] = await Promise.all([import("age-encryption"), pickAead()]);
  // Only sealing proves a recipient: digits may be in order and yet be no public key.
  for (const [at, recipient] of recipients.entries()) {
    await newFileKey(age, [recipient]).catch(() => {
      throw malformedRecipient(recipient, at);
    });
  }
  const begin = async (): Promise<AgeFile> => {
    const { fileKey, head } = await newFileKey(age, recipients);
    // The one place where randomness is not passed in: who can choose or repeat it can make two files
    // share a key, so that no test, replay or seed may reach it.
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
    const key = payloadKey(fileKey, nonce);
    fileKey.fill(0);
    const header = new Uint8Array(head.length + NONCE);
    header.set(head);
    header.set(nonce, head.length);
    return { header, chunk: chunkSealer(aead, key) };
  };
  return {
    begin,
    async seal(plain) {
      const { header, chunk } = await begin();
      const sealed = new Uint8Array(header.length + sealedLength(plain.length));
      sealed.set(header);
      sealPayload(chunk, plain, sealed, header.length);
      return sealed;
    },
  };
}

/**
 * A new file key and the header that wraps it. The library shows the key to a recipient of ours, who
 * adds nothing to the header. The nonce and the empty payload that it makes too are thrown away: under
 * its nonce a last chunk 0 is sealed already.
 */
async function newFileKey(
  age: AgeLibrary,
  recipients: readonly string[],
): Promise<{ fileKey: Uint8Array; head: Uint8Array }> {
  const encrypter = new age.Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  let fileKey = new Uint8Array();
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const file = await encrypter.encrypt(new Uint8Array());
  return { fileKey, head: file.subarray(0, file.length - NONCE - AGE_TAG) };
}
