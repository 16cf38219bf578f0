import { HoldfastError } from "../error.ts";
import { END_FRAME } from "./pack_end.ts";
import {
  AGE_CHUNK,
  type FrameSize,
  type PackEncryption,
  packKey,
  type PackName,
  storedSize,
} from "./pack_layout.ts";

/** What a pack index says of its pack, in its first line. */
export interface PackIndexHead {
  /** 32 hex digits. */
  readonly pack: string;
  readonly key: string;
  /** Id of the log that has its events, 32 hex digits. */
  readonly log: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Storage class that it was put with. */
  readonly class: string;
  /** Bytes before the payload: age's header and its nonce; 0 without encryption. */
  readonly header: number;
  readonly encryption: PackEncryption;
  /** Bytes of the object. */
  readonly size: number;
  /** Bytes of TAR, without the zeros that end it (pack_end.ts). */
  readonly plain: number;
  readonly etag: string;
  readonly version?: string;
}

export function headLine(head: PackIndexHead): string {
  const { pack, key, log, created, header, encryption, size, plain, etag, version } = head;
  return JSON.stringify({
    ...{ format: 1, pack, key, log, created, class: head.class, header, encryption, size, plain },
    ...{ etag, version },
  });
}

/** The head, and the frame table but for the frame that ends every pack. */
export function framesLine(frames: readonly FrameSize[]): string {
  return JSON.stringify({ frames });
}

/** Throws kind "damage" where the line is not the head of this pack, "failed" where it is of a newer program. */
export function readHeadLine(line: string, name: PackName): PackIndexHead {
  const head = JSON.parse(line);
  if (head.format > 1) {
    throw new HoldfastError(
      "failed",
      `the index of pack ${name.pack} has the format ${head.format}, which this program does not know`,
      { context: { pack: name.pack }, hint: "use the newer program that wrote it" },
    );
  }
  const { pack, key, log, created, header, encryption, size, plain, etag, version } = head;
  const isItsOwn = head.format === 1 && pack === name.pack &&
    key === packKey(pack, name.isEncrypted) && encryption === (name.isEncrypted ? "age" : "none");
  if (!isItsOwn) throw new HoldfastError("damage", "it is not the head of this pack");
  const fits = /^[0-9a-f]{32}$/.test(log) && isTime(created) &&
    typeof head.class === "string" && head.class !== "" && typeof etag === "string" &&
    (version === undefined || typeof version === "string") &&
    [header, size, plain].every(isSize) && (header > 0) === name.isEncrypted;
  if (!fits) throw new HoldfastError("damage", "the head does not say what it must");
  return {
    ...{ pack, key, log, created, class: head.class, header, encryption, size, plain, etag },
    ...(version === undefined ? {} : { version }),
  };
}

/** Throws kind "damage" where these are not the frames of a pack of these sizes. */
export function readFramesLine(line: string, head: PackIndexHead): FrameSize[] {
  const { frames } = JSON.parse(line);
  if (!Array.isArray(frames) || !frames.every(isFrame)) {
    throw new HoldfastError("damage", "it is no table of frames");
  }
  const [stream, plain] = frames.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  if (plain !== head.plain) {
    throw new HoldfastError("damage", `the frames have ${plain} bytes, and not ${head.plain}`);
  }
  // The frame that ends every pack is alone in the last age chunk.
  const isAligned = head.encryption === "none" || stream % AGE_CHUNK === 0;
  const size = storedSize(head, stream + END_FRAME.length);
  if (!isAligned || size !== head.size) {
    throw new HoldfastError("damage", `${stream} bytes of frames are not ${head.size} stored ones`);
  }
  return frames;
}

function isFrame(frame: unknown): boolean {
  return Array.isArray(frame) && frame.length === 2 && frame.every(isSize) && frame[0] > 0;
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
}
