/** Ed25519 (RFC 8032) over UTF-8 text; keys and signatures as lower-case hex. */
export interface Signer {
  /** Public key, 64 hex digits. */
  readonly key: string;
  /** 128 hex digits. */
  sign(text: string): string;
}

/** False also where key or signature is no such thing. */
export type VerifySignature = (key: string, text: string, signature: string) => boolean;
