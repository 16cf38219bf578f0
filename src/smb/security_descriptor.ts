import { callFailed } from "./call_failure.ts";
import type { SmbSession } from "./client_session.ts";

/**
 * Security descriptors as libsmbclient writes them: `REVISION:1,OWNER:S-1-…,GROUP:S-1-…,ACL:SID:type/
 * flags/mask,…`, without control flags and without the audit list. It asks for them over a second
 * connection, to port 445 or 139 whatever the URL says.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NAME = encoder.encode("system.nt_sec_desc.*\0");
const MOST_BYTES = 64 * 1024;

/** Throws a call failure. */
export function readDescriptor(session: SmbSession, path: readonly string[]): string {
  const buffer = new Uint8Array(MOST_BYTES);
  const { call } = session;
  // Samba 4.17 answers 0, later versions the length: the text ends with a NUL in any case.
  if (call.smbc_getxattr(session.urlOf(path), NAME, buffer, BigInt(buffer.length)) < 0) {
    throw callFailed("read the security descriptor of", session.errno());
  }
  const end = buffer.indexOf(0);
  return decoder.decode(buffer.subarray(0, end < 0 ? buffer.length : end));
}

/** Throws a call failure. */
export function writeDescriptor(
  session: SmbSession,
  path: readonly string[],
  descriptor: string,
): void {
  const value = encoder.encode(`${withDecimalMasks(descriptor)}\0`);
  const size = BigInt(value.length - 1);
  if (session.call.smbc_setxattr(session.urlOf(path), NAME, value, size, 0) < 0) {
    throw callFailed("set the security descriptor of", session.errno());
  }
}

/** It reads masks as decimal numbers, and writes them in hex. */
export function withDecimalMasks(descriptor: string): string {
  return descriptor.replaceAll(/\/0x([0-9a-fA-F]+)(?=,|$)/g, (_, hex) => `/${parseInt(hex, 16)}`);
}
