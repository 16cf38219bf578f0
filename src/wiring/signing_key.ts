import { HoldfastError, messageOf } from "../core/error.ts";
import { newPrivateKey, signerOf } from "../crypto/signing.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Signer } from "../ports/signing.ts";
import { keyFile, pendingKeyFile } from "./own_paths.ts";

/**
 * The Ed25519 key beside the database that signs the heads of log segments (RFC 8032), as PKCS #8
 * PEM with mode 0600. Made where it is missing.
 */
export function signingKey(file: string): Signer {
  return readSigner(file) ?? newSigner(file);
}

/** undefined where there is no such file. Throws kind "key" where it holds no key. */
export function readSigner(file: string): Signer | undefined {
  const pem = readKey(file);
  if (pem === undefined) return undefined;
  try {
    return signerOf(pem);
  } catch (cause) {
    throw new HoldfastError("key", `${file} is not an Ed25519 key: ${messageOf(cause)}`, {
      context: { file },
      hint: "put the key back that was there, or `holdfast takeover` goes on with a new one",
      cause,
    });
  }
}

/** A key drawn anew, in place of what the file holds. */
export function newSigner(file: string): Signer {
  const pem = newPrivateKey();
  const unfinished = `${file}.new`;
  Deno.writeTextFileSync(unfinished, pem, { mode: 0o600 });
  Deno.renameSync(unfinished, file);
  return signerOf(pem);
}

/** A key for one command, kept nowhere. */
export function passingSigner(): Signer {
  return signerOf(newPrivateKey());
}

/** This machine's key where it signs the job's log; else kind "key": nothing may be written then. */
export function ownSigner(stateFile: string, { genesis }: JobLog): Signer {
  const file = keyFile(stateFile);
  const signer = readSigner(file);
  if (signer?.key === genesis.key) return signer;
  const what = signer === undefined ? `${file} is not there` : `${file} is another key`;
  throw new HoldfastError(
    "key",
    `this machine does not have the key that signs the log of the job ${genesis.job}: ${what}`,
    {
      context: { file, key: genesis.key },
      hint: "nothing was written; put the key back, or `holdfast takeover` goes on with a log of " +
        "this machine's",
    },
  );
}

/** The key with this public key, where this machine has it, also one of a takeover under way. */
export function signerOfKey(stateFile: string, key: string): Signer | undefined {
  return [keyFile(stateFile), pendingKeyFile(stateFile)]
    .map(readSigner).find((signer) => signer?.key === key);
}

/** The key of a takeover becomes the job's; what was in its place is kept beside it. */
export function settlePendingKey(stateFile: string, key: string): void {
  const pending = pendingKeyFile(stateFile);
  if (readSigner(pending)?.key !== key) return;
  const file = keyFile(stateFile);
  const before = readKey(file);
  if (before !== undefined) {
    const stamp = signerOf(before).key.slice(0, 8);
    Deno.writeTextFileSync(`${file}.${stamp}`, before, { mode: 0o600 });
  }
  Deno.renameSync(pending, file);
}

function readKey(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
