import { jsonOfText, type JsonPath, type PathText } from "../path_text.ts";
import { type EntryType, unpackStat } from "../stat_record.ts";

/**
 * What each object of the mirror says of its entry, so that the index can be rebuilt from HEAD
 * answers alone: one header, `x-amz-meta-holdfast` = base64url(JSON), at most 2 KB with its name
 * (AWS: user-defined object metadata). docs/bucket_format.md is the reference.
 */
export interface ObjectMetadata {
  readonly v: 1;
  readonly log: string;
  /** Position of the observation. */
  readonly position: number;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly owner?: string;
  readonly group?: string;
  readonly mtime: string;
  readonly birth?: string;
  readonly id: string;
  /** Bytes of the content, encrypted or not. */
  readonly size?: string;
  /** Of the content; left out where that is encrypted: it would tell who has the same file. */
  readonly sha256?: string;
  /** Where the object is an age file, with the bytes of its header and nonce. */
  readonly encryption?: "age";
  readonly header?: number;
  readonly rdev?: string;
  /** DOS attributes, of entries on a share. */
  readonly dos?: number;
  readonly target?: JsonPath;
  readonly attributes?: [JsonPath, string][];
  /** Key of the object that holds what does not fit here. */
  readonly sidecar?: string;
}

/** What a sidecar holds: the same, whole, and the path where the key does not tell it. */
export interface SidecarContent extends ObjectMetadata {
  readonly path?: JsonPath;
}

export const METADATA_NAME = "holdfast";
/** S3 counts the bytes of names and values. */
const METADATA_BYTES = 2048 - METADATA_NAME.length;

export interface MetadataInput {
  readonly log: string;
  readonly position: number;
  readonly stat: Uint8Array;
  readonly owner?: string;
  readonly group?: string;
  readonly sha256?: string;
  /** Bytes of age header and nonce, where the content is encrypted. */
  readonly header?: number;
  readonly target?: PathText;
  readonly attributes: string | null;
}

export function objectMetadata(input: MetadataInput): ObjectMetadata {
  const stat = unpackStat(input.stat);
  const { log, position, owner, group, sha256, header = 0, target, attributes } = input;
  return {
    v: 1,
    log,
    position,
    type: stat.type,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
    mtime: stat.mtime.toString(),
    ...(stat.birth === 0n ? {} : { birth: stat.birth.toString() }),
    id: stat.fileId.toString(),
    ...(stat.type === "file" ? { size: stat.size.toString() } : {}),
    ...(header > 0 ? { encryption: "age", header } : sha256 === undefined ? {} : { sha256 }),
    ...(stat.rdev === 0n ? {} : { rdev: stat.rdev.toString() }),
    ...(stat.dos ? { dos: stat.dos } : {}),
    ...(target === undefined ? {} : { target: jsonOfText(target) }),
    ...(attributes === null ? {} : { attributes: JSON.parse(attributes) }),
  };
}

/** The header's value, or undefined where it would be too long and a sidecar is needed. */
export function encodeMetadata(metadata: ObjectMetadata): string | undefined {
  const text = base64url(JSON.stringify(metadata));
  return text.length <= METADATA_BYTES ? text : undefined;
}

/** The short form beside a sidecar: without what made it too long. */
export function withSidecar(metadata: ObjectMetadata, sidecar: string): ObjectMetadata {
  const { attributes: _attributes, target: _target, ...rest } = metadata;
  return { ...rest, sidecar };
}

/** Undefined where the header is not ours. */
export function decodeMetadata(value: string): ObjectMetadata | undefined {
  try {
    const bytes = Uint8Array.fromBase64(value, { alphabet: "base64url" });
    const metadata = JSON.parse(new TextDecoder().decode(bytes));
    return metadata?.v === 1 && typeof metadata.log === "string" ? metadata : undefined;
  } catch {
    return undefined;
  }
}

const encoder = new TextEncoder();

function base64url(text: string): string {
  return encoder.encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}
