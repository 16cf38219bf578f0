import { bytesOfText } from "../path_text.ts";

/** Bytes that a value takes in an event's line, for events that are cut at BATCH_BYTES. */
export function jsonBytes(value: unknown): number {
  return bytesOfText(JSON.stringify(value)).length + 1;
}
