import { HoldfastError } from "../core/error.ts";
import { openerBy } from "./age_opener.ts";

/** A new key pair: X25519, or the hybrid with ML-KEM-768. */
export async function generateIdentity(
  { postQuantum }: { readonly postQuantum: boolean },
): Promise<{ identity: string; recipient: string }> {
  const age = await import("age-encryption");
  const identity =
    await (postQuantum ? age.generateHybridIdentity() : age.generateX25519Identity());
  return { identity, recipient: await age.identityToRecipient(identity) };
}

/** The public key of an identity. Throws kind "key" where it is none. */
export async function recipientOf(identity: string): Promise<string> {
  const { identityToRecipient } = await import("age-encryption");
  try {
    return await identityToRecipient(identity);
  } catch {
    // What the library says quotes the secret.
    throw new HoldfastError("key", "the identity is misspelt, cut off or of another kind");
  }
}

/** An identity file as age-keygen writes it. `createdAt` is RFC 3339. */
export function identityFileText(identity: string, recipient: string, createdAt: string): string {
  return `# created: ${createdAt}\n# public key: ${recipient}\n${identity}\n`;
}

/**
 * Seals the text of an identity file with a passphrase, as `age -p -a` does: an ASCII-armored age file.
 * The work factor is scrypt's, as power of two; age's own is 18, about a second.
 */
export async function sealWithPassphrase(
  text: string,
  passphrase: string,
  workFactor = 18,
): Promise<string> {
  if (passphrase === "") throw new HoldfastError("usage", "the passphrase is empty");
  const { armor, Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(workFactor);
  return armor.encode(await encrypter.encrypt(text));
}

/**
 * The identities of an identity file, as age-keygen writes it, or sealed with a passphrase (ASCII-
 * armored or not), which is asked for only then. Throws kind "usage" where it is no identity file, and
 * "key" where the passphrase is wrong or there is no usable identity in it.
 */
export async function readIdentityFile(
  bytes: Uint8Array,
  passphrase: () => Promise<string>,
): Promise<readonly string[]> {
  const file = await unarmored(bytes);
  const isSealed = startsWith(file, "age-encryption.org/");
  return await identitiesIn(textOf(isSealed ? await opened(file, passphrase) : file));
}

async function opened(file: Uint8Array, passphrase: () => Promise<string>): Promise<Uint8Array> {
  if (!startsWith(file, "age-encryption.org/v1\n-> scrypt ")) {
    throw new HoldfastError("usage", "the identity file is sealed, but not with a passphrase", {
      hint: "open it with age -d -i first",
    });
  }
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  decrypter.addPassphrase(await passphrase());
  const wrong = () => new HoldfastError("key", "the passphrase of the identity file is wrong");
  return await openerBy(decrypter, wrong).open(file).catch((error) => {
    if (error instanceof HoldfastError && error.kind === "key") throw error;
    throw new HoldfastError("key", `the identity file does not open: ${error.message}`);
  });
}

async function unarmored(bytes: Uint8Array): Promise<Uint8Array> {
  const text = new TextDecoder("latin1").decode(bytes).trimStart();
  if (!text.startsWith("-----BEGIN AGE ENCRYPTED FILE-----")) return bytes;
  const { armor } = await import("age-encryption");
  try {
    return armor.decode(text);
  } catch {
    throw new HoldfastError("key", "the armor of the identity file is damaged or cut off");
  }
}

/** Never tells what stands in a line: it may be a secret all the same. */
async function identitiesIn(text: string): Promise<string[]> {
  const identities: string[] = [];
  for (const [at, untrimmed] of text.split("\n").entries()) {
    const line = untrimmed.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (!line.startsWith("AGE-SECRET-KEY-")) {
      const what = line.startsWith("AGE-PLUGIN-") ? "the identity of a plugin" : "no age identity";
      throw notIdentityFile(`line ${at + 1} is ${what}`);
    }
    await recipientOf(line).catch(() => {
      throw new HoldfastError("key", `line ${at + 1} of the identity file is misspelt or cut off`);
    });
    identities.push(line);
  }
  if (identities.length > 0) return identities;
  throw new HoldfastError("key", "there is no identity in the identity file");
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notIdentityFile("it is no text");
  }
}

function notIdentityFile(why: string): HoldfastError {
  return new HoldfastError("usage", `it is no identity file that holdfast can use: ${why}`, {
    hint: "make one with holdfast key generate, or with age-keygen",
  });
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, text.length)) === text;
}
