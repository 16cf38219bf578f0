import { HoldfastError } from "../core/error.ts";

const MOST = 20; // whose header still fits into HEADER_MOST

/**
 * Throws kind "usage" where no age file may be sealed for these recipients together, or one is none by
 * its looks. That its digits are right is for the library to say.
 */
export function checkRecipients(recipients: readonly string[]): void {
  if (recipients.length === 0) {
    throw new HoldfastError("usage", "there is no recipient to encrypt for", {
      hint: 'name one or more public keys (age1…), or choose encryption = "none"',
    });
  }
  if (recipients.length > MOST) {
    throw new HoldfastError(
      "usage",
      `${recipients.length} recipients are more than the ${MOST} that one file may have`,
    );
  }
  const isHybrid = recipients.map((recipient, at) => isPostQuantum(recipient, at));
  const other = isHybrid.findIndex((hybrid) => hybrid !== isHybrid[0]);
  if (other < 0) return;
  throw new HoldfastError(
    "usage",
    `${named(recipients[0], 0)} and ${
      named(recipients[other], other)
    } are of two kinds, of which ` +
      "only one is post-quantum: a file for both would be no safer than the weaker one",
    { hint: "name only recipients age1pq1…, or none" },
  );
}

/** For a recipient that the library refuses. */
export function malformedRecipient(recipient: string, at: number): HoldfastError {
  return new HoldfastError("usage", `${named(recipient, at)} is misspelt or cut off`, {
    context: { recipient: at + 1 },
    hint: 'copy it whole, from the line "# public key:" of its identity file',
  });
}

/** True for the hybrid of ML-KEM-768 and X25519, false for X25519 alone. */
function isPostQuantum(recipient: string, at: number): boolean {
  if (recipient.startsWith("age1pq1")) return true;
  if (recipient.startsWith("age1") && recipient.lastIndexOf("1") === 3) return false;
  const why = recipient.startsWith("age1")
    ? "is of a kind that only a plugin or a security key opens"
    : "is no age recipient";
  throw new HoldfastError("usage", `${named(recipient, at)} ${why}`, {
    context: { recipient: at + 1 },
    hint: "a recipient begins with age1 or age1pq1 (holdfast key recipients prints yours)",
  });
}

/**
 * A recipient is public and may be shown, but what stands in its place by mistake may be the secret
 * key, so only what begins like a recipient is shown.
 */
function named(recipient: string, at: number): string {
  const place = `recipient ${at + 1}`;
  if (!recipient.startsWith("age1")) return place;
  const isLong = recipient.length > 80;
  return `${place} (${isLong ? `${recipient.slice(0, 24)}…${recipient.slice(-8)}` : recipient})`;
}
