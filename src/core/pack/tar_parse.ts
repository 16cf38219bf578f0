import { HoldfastError } from "../error.ts";
import { textOfBytes } from "../path_text.ts";
import { ATTRIBUTE_KEY, attributeName, nsOfPaxTime, textOfRaw } from "./pax_records.ts";
import { FIELDS, hasMagic, readBytes, readNumber, sumOf, type TarField } from "./tar_fields.ts";
import { type TarAttribute, type TarMember, type TarType, TYPE_FLAGS } from "./tar_member.ts";

/** Records that apply to a member, by key, of one that came twice the last. Their bytes are kept. */
export type PaxMap = ReadonlyMap<string, Uint8Array>;

const SLASH = 0x2f;
const SECOND = 1_000_000_000n;
const DECIMAL = /^\d{1,16}$/;
const TYPES = new Map(
  Object.entries(TYPE_FLAGS).map(([type, flag]) => [flag.charCodeAt(0), type as TarType]),
);

export function tarDamage(what: string, offset: number): HoldfastError {
  return new HoldfastError("damage", `${what} at byte ${offset} of the TAR`, {
    context: { offset },
  });
}

/**
 * The type flag of a header, a character. Throws kind "damage" where it is no ustar header or its
 * checksum is wrong. `offset` is where it is in the TAR stream.
 */
export function typeFlagOf(header: Uint8Array, offset: number): string {
  if (!hasMagic(header)) throw tarDamage("no ustar header", offset);
  if (readNumber(header, FIELDS.checksum) !== BigInt(sumOf(header, 0))) {
    throw tarDamage("a header with a wrong checksum", offset);
  }
  return String.fromCharCode(header[FIELDS.typeflag.at]);
}

/** The size field, which of an extended header is all that counts. */
export function sizeOf(header: Uint8Array, offset: number): number {
  return safeNumber(readNumber(header, FIELDS.size), "size", offset);
}

/** The member that a verified header and its extended records say. */
export function memberOf(header: Uint8Array, pax: PaxMap, offset: number): TarMember {
  const type = TYPES.get(header[FIELDS.typeflag.at]);
  if (type === undefined) throw tarDamage("a member of unknown type", offset);
  const fields = { header, pax, offset };
  const isDevice = type === "char" || type === "block";
  const isLinked = type === "symlink" || type === "link";
  const birth = timeRecord(fields, "LIBARCHIVE.creationtime") ?? 0n;
  const attributes = attributesOf(pax);
  const owner = ownerOf(fields, "uname");
  const group = ownerOf(fields, "gname");
  return {
    path: pathOf(fields, type),
    type,
    mode: numberOf(fields, "mode") & 0o7777,
    uid: numberOf(fields, "uid"),
    gid: numberOf(fields, "gid"),
    ...(owner === "" ? {} : { owner }),
    ...(group === "" ? {} : { group }),
    size: type === "file" ? numberOf(fields, "size") : 0,
    mtime: timeRecord(fields, "mtime") ?? secondsOf(fields) * SECOND,
    ...(birth === 0n ? {} : { birth }),
    ...(isLinked
      ? { target: pax.get("linkpath") ?? readBytes(header, FIELDS.linkname).slice() }
      : {}),
    ...(isDevice ? { rdev: rdevOf(fields) } : {}),
    ...(attributes.length === 0 ? {} : { attributes }),
    ...(pax.has("HOLDFAST.sparse") ? { sparse: true } : {}),
    ...dosOf(fields),
  };
}

interface MemberFields {
  readonly header: Uint8Array;
  readonly pax: PaxMap;
  readonly offset: number;
}

function pathOf({ header, pax, offset }: MemberFields, type: TarType): Uint8Array {
  const path = pax.get("path") ?? joined(header);
  if (path.length === 0) throw tarDamage("a member without a path", offset);
  if (type !== "folder" || path[path.length - 1] === SLASH) return path;
  const folder = new Uint8Array(path.length + 1);
  folder.set(path);
  folder[path.length] = SLASH;
  return folder;
}

function joined(header: Uint8Array): Uint8Array {
  const prefix = readBytes(header, FIELDS.prefix);
  const name = readBytes(header, FIELDS.name);
  if (prefix.length === 0) return name.slice();
  const path = new Uint8Array(prefix.length + 1 + name.length);
  path.set(prefix);
  path[prefix.length] = SLASH;
  path.set(name, prefix.length + 1);
  return path;
}

function ownerOf({ header, pax }: MemberFields, field: "uname" | "gname"): string {
  return textOfBytes(pax.get(field) ?? readBytes(header, FIELDS[field]));
}

function numberOf(
  { header, pax, offset }: MemberFields,
  field: "mode" | "uid" | "gid" | "size",
): number {
  const record = field === "mode" ? undefined : pax.get(field);
  return record === undefined
    ? safeNumber(readNumber(header, FIELDS[field]), field, offset)
    : decimalOf(record, field, offset);
}

function decimalOf(record: Uint8Array, field: string, offset: number): number {
  const text = record.length > 16 ? "" : textOfRaw(record);
  return safeNumber(DECIMAL.test(text) ? BigInt(text) : undefined, field, offset);
}

function safeNumber(value: bigint | undefined, field: string, offset: number): number {
  if (value === undefined || value < 0n || value > Number.MAX_SAFE_INTEGER) {
    throw tarDamage(`a member without a ${field}`, offset);
  }
  return Number(value);
}

function secondsOf({ header, offset }: MemberFields): bigint {
  const seconds = readNumber(header, FIELDS.mtime);
  if (seconds === undefined) throw tarDamage("a member without a mtime", offset);
  return seconds;
}

function timeRecord({ pax, offset }: MemberFields, key: string): bigint | undefined {
  const record = pax.get(key);
  if (record === undefined) return undefined;
  const ns = nsOfPaxTime(record);
  if (ns === undefined) throw tarDamage(`a record ${key} without a time`, offset);
  return ns;
}

function rdevOf(fields: MemberFields): bigint {
  const major = deviceNumber(fields, FIELDS.devmajor, "SCHILY.devmajor");
  return (BigInt(major) << 32n) | BigInt(deviceNumber(fields, FIELDS.devminor, "SCHILY.devminor"));
}

function dosOf({ pax, offset }: MemberFields): { dos?: number } {
  const record = pax.get("HOLDFAST.dos");
  return record === undefined ? {} : { dos: decimalOf(record, "DOS attributes", offset) & 0xffff };
}

function deviceNumber({ header, pax, offset }: MemberFields, field: TarField, key: string): number {
  const record = pax.get(key);
  return record === undefined
    ? safeNumber(readNumber(header, field), "device number", offset)
    : decimalOf(record, "device number", offset);
}

function attributesOf(pax: PaxMap): TarAttribute[] {
  const attributes: TarAttribute[] = [];
  for (const [key, value] of pax) {
    if (!key.startsWith(ATTRIBUTE_KEY)) continue;
    attributes.push({ name: attributeName(key), value });
  }
  return attributes;
}
