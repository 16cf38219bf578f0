import { HoldfastError } from "./error.ts";

/** X25519 (`age1…`), or the hybrid of ML-KEM-768 and X25519 (`age1pq1…`). */
export type RecipientKind = "x25519" | "post-quantum";

/** Whose header fits into what is read of a file at first (ports/cipher.ts, HEADER_MOST). */
const MOST = 20;

/**
 * The kind of an age recipient: a public key, which may be shown. Throws kind "usage" where it is
 * none, or misspelt. What stands in its place by mistake may be a secret, so no message repeats it.
 */
export function recipientKind(text: string): RecipientKind {
  const [prefix, length, kind] = text.startsWith("age1pq1")
    ? ["age1pq", 1959, "post-quantum"] as const
    : ["age", 62, "x25519"] as const;
  if (!text.startsWith("age1")) throw noRecipient(text);
  if (kind === "x25519" && text.lastIndexOf("1") > 3) {
    throw new HoldfastError("usage", "it is of a kind that only a plugin opens", {
      hint: "a recipient that begins with age1 or age1pq1 and has no other 1",
    });
  }
  if (text.length !== length || !isBech32(text, prefix.length)) {
    throw new HoldfastError("usage", "it is misspelt or cut off", {
      hint: `copy it whole: ${length} characters, as holdfast key generate prints it`,
    });
  }
  return kind;
}

/** Throws kind "usage" where no one file may be sealed for all of them. */
export function checkRecipientList(recipients: readonly string[]): void {
  const kinds = recipients.map((recipient, at) => kindAt(recipient, at));
  const twice = recipients.findIndex((recipient, at) => recipients.indexOf(recipient) < at);
  if (twice >= 0) {
    throw new HoldfastError("usage", `recipient ${twice + 1} is there twice`, {
      hint: "name each recipient once",
    });
  }
  if (recipients.length > MOST) {
    throw new HoldfastError("usage", `${recipients.length} recipients are more than ${MOST}`, {
      hint: "that is as many as one file may have",
    });
  }
  const other = kinds.findIndex((kind) => kind !== kinds[0]);
  if (other < 0) return;
  throw new HoldfastError(
    "usage",
    `recipients 1 and ${other + 1} are of two kinds: only one of them is post-quantum`,
    { hint: "name either recipients age1pq1… or others: together they are as weak as the weaker" },
  );
}

/** For messages: a post-quantum one has 1,959 characters. */
export function shortRecipient(recipient: string): string {
  return recipient.length <= 80 ? recipient : `${recipient.slice(0, 24)}…${recipient.slice(-8)}`;
}

/** Their order does not matter. */
export function sameRecipients(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((recipient) => b.includes(recipient));
}

function kindAt(recipient: string, at: number): RecipientKind {
  try {
    return recipientKind(recipient);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const what = error.message.replace(/^it /, "");
    throw new HoldfastError(error.kind, `recipient ${at + 1} ${what}`, { hint: error.hint });
  }
}

function noRecipient(text: string): HoldfastError {
  if (/^AGE-SECRET-KEY-/i.test(text)) {
    return new HoldfastError("usage", "it is an identity, which has to stay secret", {
      hint: "name the recipient that belongs to it: the line `# public key:` of its file",
    });
  }
  const hint = /^(?:ssh-|AGE1)/.test(text)
    ? "SSH keys and capital letters are not taken: make one with holdfast key generate"
    : "a recipient begins with age1 or age1pq1: make one with holdfast key generate";
  return new HoldfastError("usage", "it is no age recipient", { hint });
}

const DIGITS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** True where the checksum behind the "1" at `separator` is right (BIP 173). */
function isBech32(text: string, separator: number): boolean {
  const prefix = [...text.slice(0, separator)].map((letter) => letter.charCodeAt(0));
  const digits = [...text.slice(separator + 1)].map((letter) => DIGITS.indexOf(letter));
  if (digits.includes(-1)) return false;
  const values = [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31)];
  let sum = 1;
  for (const value of [...values, ...digits]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((generator, bit) => {
      if ((top >> bit) & 1) sum ^= generator;
    });
  }
  return sum === 1;
}
