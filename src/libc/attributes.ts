import { compareText, type PathText, textOfBytes } from "../core/path_text.ts";
import { cString } from "./c_string.ts";
import { ENODATA, ENOTSUP } from "./errno.ts";
import type { Libc } from "./libc.ts";

/** An extended attribute, as ports/source.ts has it. */
export interface ReadAttribute {
  readonly name: PathText;
  readonly value: Uint8Array<ArrayBuffer>;
}

export const ACL_ACCESS = "system.posix_acl_access";
export const ACL_DEFAULT = "system.posix_acl_default";
export const CAPABILITY = "security.capability";

/**
 * What is backed up. Left out: security.selinux and its like (the label is the policy's decision on
 * the machine restored to), security.ima and security.evm (signatures bound to the inode), and what
 * a file system invents as attributes (system.nfs4_acl, btrfs.*, ceph.*): setting it elsewhere fails
 * or means something else.
 */
export function isKept(name: string): boolean {
  return name.startsWith("user.") || name.startsWith("trusted.") || name === CAPABILITY ||
    name === ACL_ACCESS || name === ACL_DEFAULT;
}

/** XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel: nothing longer comes back. */
const buffer = new Uint8Array(65536);
const bufferSize = BigInt(buffer.length);

/** Of a handle opened for reading, or of a path whose last component is not followed. */
export type AttributePlace = number | Uint8Array<ArrayBuffer>;

/** "/proc/self/fd/<folder>/<name>": xattr calls have no *at form before Linux 6.13. */
export function placeOf(folder: number, name: PathText): Uint8Array<ArrayBuffer> {
  return cString(`/proc/self/fd/${folder}/${name}`);
}

/** "/proc/self/fd/<fd>": the very thing that is open, for calls that refuse O_PATH handles. */
export function placeOfHandle(fd: number): Uint8Array<ArrayBuffer> {
  return cString(`/proc/self/fd/${fd}`);
}

/** Names of the kept attributes, sorted; or errno. [] where the file system has no attributes. */
export function listAttributes(libc: Libc, place: AttributePlace): PathText[] | number {
  const length = typeof place === "number"
    ? libc.call.flistxattr(place, buffer, bufferSize)
    : libc.call.llistxattr(place, buffer, bufferSize);
  if (length === 0) return [];
  if (length < 0) {
    const errno = libc.errno();
    return errno === ENOTSUP ? [] : errno;
  }
  const names: PathText[] = [];
  for (let start = 0; start < length;) {
    const end = buffer.indexOf(0, start);
    const name = textOfBytes(buffer.subarray(start, end));
    if (isKept(name)) names.push(name);
    start = end + 1;
  }
  return names.sort(compareText);
}

/** The kept attributes, sorted by name; or errno. */
export function readAttributesAt(libc: Libc, place: AttributePlace): ReadAttribute[] | number {
  const names = listAttributes(libc, place);
  if (typeof names === "number") return names;
  const attributes: ReadAttribute[] = [];
  for (const name of names) {
    const value = readValue(libc, place, cString(name));
    if (value === ENODATA) continue;
    if (typeof value === "number") return value;
    attributes.push({ name, value });
  }
  return attributes;
}

function readValue(
  libc: Libc,
  place: AttributePlace,
  name: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | number {
  const length = typeof place === "number"
    ? libc.call.fgetxattr(place, name, buffer, bufferSize)
    : libc.call.lgetxattr(place, name, buffer, bufferSize);
  return length < 0 ? libc.errno() : buffer.slice(0, length);
}
