import { bytesOfText, hasRawBytes, textOfBytes } from "../path_text.ts";
import { attributeKey, paxBytes, type PaxRecord, paxTime, writePax } from "./pax_records.ts";
import { emptyHeader, FIELDS, octalMost, sumOf, writeChecksum, writeNumber } from "./tar_fields.ts";
import { BLOCK, type TarMember, tarPadding, TYPE_FLAGS } from "./tar_member.ts";

const SLASH = 0x2f;
const SECOND = 1_000_000_000n;
/** Owner and group end in NUL, unlike the other texts. */
const OWNER_MOST = FIELDS.uname.length - 1;
const ID_MOST = octalMost(FIELDS.uid);
const SIZE_MOST = octalMost(FIELDS.size);
const MTIME_MOST = octalMost(FIELDS.mtime);

const EMPTY_HEADER = emptyHeader();

/**
 * The header of all extended headers, but for size and checksum. Its name is in the folder that no
 * source's path can have (member_name.ts), so a reader that knows no pax, and takes it for a file,
 * overwrites nothing of the source's.
 */
const PAX_HEADER = emptyHeader();
PAX_HEADER.set(new TextEncoder().encode(".holdfast/pax"), FIELDS.name.at);
PAX_HEADER[FIELDS.typeflag.at] = "x".charCodeAt(0);
writeNumber(PAX_HEADER, 0, FIELDS.mode, 0o600);
const PAX_SUM = sumOf(PAX_HEADER, 0);

/**
 * Everything before a member's content: an extended header where ustar does not hold it all, and
 * the ustar header (POSIX.1-2024 pax). `tarPadding(size)` zeros follow the content.
 *
 * A path of up to 100 bytes, or one that a "/" parts into 155 and 100, is raw in the ustar header,
 * whatever its bytes: all readers take it as it is. Others are a pax `path`, with
 * `hdrcharset=BINARY` where one of these is not UTF-8. Likewise targets, owners and groups. Times
 * are a pax `mtime` where they have a fraction, are before 1970 or after 2242. Numbers that octal
 * does not hold are in binary in the ustar header, and in pax.
 */
export function tarHeader(member: TarMember): Uint8Array<ArrayBuffer> {
  assertMember(member);
  const place = placeOfPath(member.path);
  const seconds = secondsOf(member.mtime);
  const records = recordsOf(member, { isPathLong: place === undefined, seconds });
  const length = paxBytes(records);
  const base = length === 0 ? 0 : BLOCK + length + tarPadding(length);
  const out = new Uint8Array(base + BLOCK);
  if (length > 0) {
    writePaxHeader(out, length);
    writePax(out, BLOCK, records);
  }
  out.set(EMPTY_HEADER, base);
  writePath(out, base, member.path, place);
  writeTexts(out, base, member);
  writeNumbers(out, base, member, seconds);
  writeChecksum(out, base);
  return out;
}

function assertMember({ path, type, size, target }: TarMember): void {
  const isFolder = path[path.length - 1] === SLASH;
  if (path.length === 0 || isFolder !== (type === "folder")) {
    throw new RangeError(`no path of a ${type}: ${textOfBytes(path)}`);
  }
  if (!Number.isSafeInteger(size) || size < 0 || (size > 0 && type !== "file")) {
    throw new RangeError(`no size of a ${type}: ${size}`);
  }
  if ((target === undefined) === (type === "symlink" || type === "link")) {
    throw new RangeError(`a ${type} ${target === undefined ? "without" : "with"} a target`);
  }
}

/** The slash that parts a path into prefix and name, -1 where all is name; undefined: too long. */
function placeOfPath(path: Uint8Array): number | undefined {
  const { name, prefix } = FIELDS;
  if (path.length <= name.length) return -1;
  const first = Math.max(1, path.length - 1 - name.length);
  for (let at = Math.min(prefix.length, path.length - 2); at >= first; at--) {
    if (path[at] === SLASH) return at;
  }
  return undefined;
}

function writePaxHeader(out: Uint8Array, length: number): void {
  const { at, length: bytes } = FIELDS.size;
  out.set(PAX_HEADER);
  writeNumber(out, 0, FIELDS.size, length);
  let sum = PAX_SUM;
  for (let i = at; i < at + bytes; i++) sum += out[i];
  writeChecksum(out, 0, sum);
}

function writePath(
  out: Uint8Array,
  base: number,
  path: Uint8Array,
  place: number | undefined,
): void {
  if (place === -1) return out.set(path, base + FIELDS.name.at);
  if (place === undefined) {
    const last = path.subarray(path.lastIndexOf(SLASH, path.length - 2) + 1);
    return out.set(last.subarray(0, FIELDS.name.length), base + FIELDS.name.at);
  }
  out.set(path.subarray(place + 1), base + FIELDS.name.at);
  out.set(path.subarray(0, place), base + FIELDS.prefix.at);
}

function writeTexts(out: Uint8Array, base: number, { owner, group, target }: TarMember): void {
  if (owner !== undefined) writeOwner(out, base + FIELDS.uname.at, owner);
  if (group !== undefined) writeOwner(out, base + FIELDS.gname.at, group);
  // Also a target that is too long, cut off: without any, bsdtar takes a symlink for a hard link.
  if (target !== undefined) {
    out.set(target.subarray(0, FIELDS.linkname.length), base + FIELDS.linkname.at);
  }
}

function writeOwner(out: Uint8Array, at: number, text: string): void {
  if (isPlainOwner(text)) {
    for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
    return;
  }
  const bytes = bytesOfText(text);
  if (bytes.length <= OWNER_MOST) out.set(bytes, at);
}

/** True where it fits, a byte for each character: the usual case, with nothing to encode. */
function isPlainOwner(text: string): boolean {
  if (text.length > OWNER_MOST) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function writeNumbers(out: Uint8Array, base: number, member: TarMember, seconds: number): void {
  writeNumber(out, base, FIELDS.mode, member.mode);
  writeNumber(out, base, FIELDS.uid, member.uid);
  writeNumber(out, base, FIELDS.gid, member.gid);
  writeNumber(out, base, FIELDS.size, member.size);
  writeNumber(out, base, FIELDS.mtime, seconds);
  out[base + FIELDS.typeflag.at] = TYPE_FLAGS[member.type].charCodeAt(0);
  if (member.rdev === undefined) return;
  writeNumber(out, base, FIELDS.devmajor, majorOf(member.rdev));
  writeNumber(out, base, FIELDS.devminor, minorOf(member.rdev));
}

/** Whole seconds since 1970, rounded down. */
function secondsOf(ns: bigint): number {
  const seconds = ns / SECOND;
  return Number(ns < 0n && seconds * SECOND !== ns ? seconds - 1n : seconds);
}

function majorOf(rdev: bigint): number {
  return Number(rdev >> 32n);
}

function minorOf(rdev: bigint): number {
  return Number(rdev & 0xffffffffn);
}

function recordsOf(
  member: TarMember,
  { isPathLong, seconds }: { readonly isPathLong: boolean; readonly seconds: number },
): PaxRecord[] {
  const records = longTexts(member, isPathLong);
  longNumbers(records, member);
  const isTimeExact = seconds >= 0 && seconds <= MTIME_MOST &&
    BigInt(seconds) * SECOND === member.mtime;
  if (!isTimeExact) records.push(["mtime", paxTime(member.mtime)]);
  if (member.birth !== undefined && member.birth !== 0n) {
    records.push(["LIBARCHIVE.creationtime", paxTime(member.birth)]);
  }
  if (member.sparse === true) records.push(["HOLDFAST.sparse", "1"]);
  if (member.dos) records.push(["HOLDFAST.dos", String(member.dos)]);
  for (const { name, value } of member.attributes ?? []) {
    records.push([attributeKey(name), value]);
  }
  return records;
}

/** `hdrcharset` is the first of them: it says how the others are to be read. */
function longTexts(member: TarMember, isPathLong: boolean): PaxRecord[] {
  const { path, target, owner = "", group = "" } = member;
  const records: [string, Uint8Array][] = [];
  if (isPathLong) records.push(["path", path]);
  if (target !== undefined && target.length > FIELDS.linkname.length) {
    records.push(["linkpath", target]);
  }
  for (const [key, text] of [["uname", owner], ["gname", group]]) {
    if (isPlainOwner(text)) continue;
    const bytes = bytesOfText(text);
    if (bytes.length > OWNER_MOST) records.push([key, bytes]);
  }
  const isRaw = records.some(([, value]) => hasRawBytes(textOfBytes(value)));
  return isRaw ? [["hdrcharset", "BINARY"], ...records] : records;
}

function longNumbers(records: PaxRecord[], { uid, gid, size, rdev }: TarMember): void {
  if (size > SIZE_MOST) records.push(["size", String(size)]);
  if (uid > ID_MOST) records.push(["uid", String(uid)]);
  if (gid > ID_MOST) records.push(["gid", String(gid)]);
  if (rdev === undefined) return;
  if (majorOf(rdev) > ID_MOST) records.push(["SCHILY.devmajor", String(majorOf(rdev))]);
  if (minorOf(rdev) > ID_MOST) records.push(["SCHILY.devminor", String(minorOf(rdev))]);
}
