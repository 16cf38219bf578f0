import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import type { Signer, VerifySignature } from "../ports/signing.ts";

/** A new private key as PKCS #8 PEM. */
export function newPrivateKey(): string {
  return generateKeyPairSync("ed25519").privateKey
    .export({ format: "pem", type: "pkcs8" }) as string;
}

/** Signs with a PKCS #8 PEM. Throws where it holds no Ed25519 key. */
export function signerOf(pem: string): Signer {
  const privateKey = createPrivateKey(pem);
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  const key = Uint8Array.fromBase64(x!, { alphabet: "base64url" }).toHex();
  return { key, sign: (text) => sign(null, encoder.encode(text), privateKey).toString("hex") };
}

export const verifySignature: VerifySignature = (key, text, signature) => {
  try {
    const x = Uint8Array.fromHex(key).toBase64({ alphabet: "base64url", omitPadding: true });
    const jwk = { kty: "OKP", crv: "Ed25519", x };
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    return verify(null, encoder.encode(text), publicKey, Uint8Array.fromHex(signature));
  } catch {
    return false;
  }
};

const encoder = new TextEncoder();
