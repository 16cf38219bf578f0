import type { EntryStat } from "../../core/stat_record.ts";
import { ACL_ACCESS, ACL_DEFAULT, CAPABILITY, listAttributes } from "../../libc/attributes.ts";
import { cLiteral, cString } from "../../libc/c_string.ts";
import { ENODATA, ENOTSUP, errnoText } from "../../libc/errno.ts";
import type { Libc } from "../../libc/libc.ts";
import type { Attribute } from "../../ports/source.ts";

/** How metadata gets to an entry: by its handle, or, where the kernel refuses that, by /proc. */
export interface MetadataCalls {
  /** Each returns what the system call returns: 0, or less with errno. */
  chown(uid: number, gid: number): number;
  chmod(mode: number): number;
  setAttribute(name: Uint8Array<ArrayBuffer>, value: Uint8Array<ArrayBuffer>, size: bigint): number;
  setTimes(times: Uint8Array<ArrayBuffer>): number;
}

/** chown(2): leave this one as it is. */
const UNCHANGED = 0xffff_ffff;
const SET_IDS = 0o6000;

/**
 * Sets everything that lstat and getxattr show, in the order in which nothing undoes what came
 * before: chown drops set-id bits and capabilities; a mode without w bars its owner from setting
 * user.* attributes; chmod changes an ACL's mask; times come last. Returns what could not be kept.
 */
export function setMetadata(
  libc: Libc,
  calls: MetadataCalls,
  stat: EntryStat,
  attributes: readonly Attribute[],
): string[] {
  const problems: string[] = [];
  const acls = attributes.filter(isAcl);
  const owned = setOwner(libc, calls, stat, problems);
  for (const attribute of attributes) {
    if (isAcl(attribute)) continue;
    // A capability on a file of another owner would be a gift to that owner.
    if (attribute.name === CAPABILITY && !owned) problems.push(`${CAPABILITY}: owner not kept`);
    else setOne(libc, calls, attribute, problems);
  }
  if (stat.type !== "symlink") setMode(libc, calls, stat, owned, problems);
  for (const attribute of acls) setOne(libc, calls, attribute, problems);
  if (calls.setTimes(timesOf(stat)) < 0) problems.push(`times: ${errnoText(libc.errno())}`);
  return problems;
}

function isAcl(attribute: Attribute): boolean {
  return attribute.name === ACL_ACCESS || attribute.name === ACL_DEFAULT;
}

function setOwner(
  libc: Libc,
  calls: MetadataCalls,
  stat: EntryStat,
  problems: string[],
): boolean {
  if (calls.chown(stat.uid, stat.gid) === 0) return true;
  problems.push(`owner ${stat.uid}:${stat.gid}: ${errnoText(libc.errno())}`);
  // Whoever is not root may still give it to a group of his own.
  calls.chown(UNCHANGED, stat.gid);
  return false;
}

function setMode(
  libc: Libc,
  calls: MetadataCalls,
  stat: EntryStat,
  owned: boolean,
  problems: string[],
): void {
  // A set-id bit lends the rights of the owner: of another owner than the backup's, never.
  const strip = !owned && stat.type !== "folder" && (stat.mode & SET_IDS) !== 0;
  const mode = strip ? stat.mode & ~SET_IDS : stat.mode;
  if (strip) problems.push(`mode ${stat.mode.toString(8)}: set-id bits left out, owner not kept`);
  if (calls.chmod(mode) < 0) problems.push(`mode ${mode.toString(8)}: ${errnoText(libc.errno())}`);
}

function setOne(
  libc: Libc,
  calls: MetadataCalls,
  attribute: Attribute,
  problems: string[],
): void {
  // A zero-length array has no address that the call would take.
  const size = BigInt(attribute.value.length);
  const value = attribute.value.length === 0 ? new Uint8Array(1) : attribute.value.slice();
  if (calls.setAttribute(cString(attribute.name), value, size) >= 0) return;
  problems.push(`attribute ${attribute.name}: ${errnoText(libc.errno())}`);
}

const UTIME_OMIT = 0x3fff_fffen;

/** Two struct timespec: access (left as it is) and modification. */
function timesOf(stat: EntryStat): Uint8Array<ArrayBuffer> {
  const times = new BigInt64Array(4);
  const nanoseconds = ((stat.mtime % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  times[1] = UTIME_OMIT;
  times[2] = (stat.mtime - nanoseconds) / 1_000_000_000n;
  times[3] = nanoseconds;
  return new Uint8Array(times.buffer);
}

/** Calls on a handle that is open for reading or writing. */
export function callsOnHandle(libc: Libc, fd: number): MetadataCalls {
  return {
    chown: (uid, gid) => libc.call.fchown(fd, uid, gid),
    chmod: (mode) => libc.call.fchmod(fd, mode),
    setAttribute: (name, value, size) => libc.call.fsetxattr(fd, name, value, size, 0),
    setTimes: (times) => libc.call.futimens(fd, times),
  };
}

const accessName = cLiteral(ACL_ACCESS);

/** Takes away the ACL that a new file got from its folder's default ACL. */
export function dropInheritedAcl(libc: Libc, fd: number, problems: string[]): void {
  if (libc.call.fremovexattr(fd, accessName) === 0) return;
  const errno = libc.errno();
  if (errno !== ENODATA && errno !== ENOTSUP) problems.push(`inherited ACL: ${errnoText(errno)}`);
}

/** Takes away attributes that a folder has and the backup does not. */
export function dropOthers(
  libc: Libc,
  fd: number,
  attributes: readonly Attribute[],
  problems: string[],
): void {
  const present = listAttributes(libc, fd);
  if (typeof present === "number") return;
  const wanted = new Set(attributes.map(({ name }) => name));
  for (const name of present) {
    if (wanted.has(name) || libc.call.fremovexattr(fd, cString(name)) === 0) continue;
    problems.push(`attribute ${name}: ${errnoText(libc.errno())}`);
  }
}
