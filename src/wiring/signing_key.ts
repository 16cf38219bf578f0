import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { HoldfastError, messageOf } from "../core/error.ts";

/**
 * The Ed25519 key beside the database that signs the heads of log segments (RFC 8032), as PKCS #8
 * PEM with mode 0600. Made where it is missing; returns the public key as 64 hex digits.
 */
export function signingKey(file: string): string {
  const pem = readKey(file) ?? makeKey(file);
  try {
    const { x } = createPublicKey(createPrivateKey(pem)).export({ format: "jwk" });
    return Uint8Array.fromBase64(x!, { alphabet: "base64url" }).toHex();
  } catch (cause) {
    throw new HoldfastError("key", `${file} is not an Ed25519 key: ${messageOf(cause)}`, {
      context: { file },
      hint: "put the key back that `init` made",
      cause,
    });
  }
}

function readKey(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function makeKey(file: string): string {
  const pem = generateKeyPairSync("ed25519").privateKey
    .export({ format: "pem", type: "pkcs8" }) as string;
  Deno.writeTextFileSync(file, pem, { mode: 0o600, createNew: true });
  return pem;
}
