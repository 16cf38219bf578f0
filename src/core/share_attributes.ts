/** Names of the extended attributes in which what only shares have is kept. */

/** Security descriptor, as text (smb/security_descriptor.ts). */
export const DESCRIPTOR_ATTRIBUTE = "user.smb.security_descriptor";

/**
 * An alternate data stream, as a Samba server with vfs_streams_xattr keeps it beside a file: its content
 * and a NUL.
 */
const STREAM_PREFIX = "user.DosStream.";
const STREAM_SUFFIX = ":$DATA";

export function streamAttribute(stream: string): string {
  return `${STREAM_PREFIX}${stream}${STREAM_SUFFIX}`;
}

/** The name of the stream that an attribute keeps; undefined where it is another one. */
export function streamOfAttribute(name: string): string | undefined {
  if (!name.startsWith(STREAM_PREFIX) || !name.endsWith(STREAM_SUFFIX)) return undefined;
  return name.slice(STREAM_PREFIX.length, -STREAM_SUFFIX.length);
}
