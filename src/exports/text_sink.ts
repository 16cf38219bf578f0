import { freeBytes } from "../core/free_bytes.ts";
import type { ExportedEvent, LogSink } from "../ports/log_sink.ts";
import { stagedFile } from "./staged_file.ts";

/** The log's lines as they are: with the genesis lines their chain can be computed again. */
export function jsonLinesSink(file: string): LogSink {
  return textSink(file, "", ({ line }) => [encoder.encode(line)]);
}

/** RFC 4180 with a header, lines ended by LF: JSON has no line breaks, so a record is one line. */
export function csvSink(file: string): LogSink {
  const header = "position,time,run,type,version,hash,data\n";
  return textSink(file, header, ({ position, at, run, type, version, hash, data }) => {
    const first = `${position},${at},${run},${type},${version},${hash},"`;
    return [encoder.encode(first), quotesDoubled(encoder.encode(data)), QUOTE];
  });
}

const encoder = new TextEncoder();
const QUOTE = encoder.encode('"');
const LF = encoder.encode("\n");

/** In bytes: of a string with a million quotes `replaceAll` makes a list many times as large. */
function quotesDoubled(bytes: Uint8Array): Uint8Array {
  let quotes = 0;
  for (const byte of bytes) if (byte === QUOTE[0]) quotes++;
  const doubled = new Uint8Array(bytes.length + quotes);
  let at = 0;
  for (const byte of bytes) {
    doubled[at++] = byte;
    if (byte === QUOTE[0]) doubled[at++] = byte;
  }
  freeBytes(bytes);
  return doubled;
}

/** Bytes that are written at once. */
const PIECE = 1 << 20;

function textSink(
  file: string,
  header: string,
  lineOf: (event: ExportedEvent) => Uint8Array[],
): LogSink {
  const out = stagedFile(file);
  const buffer = new Uint8Array(PIECE);
  let used = 0;
  let isBegun = false;
  const flush = () => {
    out.write(buffer.subarray(0, used));
    used = 0;
  };
  const put = (bytes: Uint8Array) => {
    if (used + bytes.length > PIECE) flush();
    if (bytes.length > PIECE) out.write(bytes);
    else {
      buffer.set(bytes, used);
      used += bytes.length;
    }
  };
  const begin = () => {
    if (!isBegun) put(encoder.encode(header));
    isBegun = true;
  };
  return {
    write(events) {
      begin();
      for (const event of events) {
        for (const bytes of lineOf(event)) {
          put(bytes);
          if (bytes.length > PIECE) freeBytes(bytes);
        }
        put(LF);
      }
    },
    finish() {
      begin();
      flush();
      out.finish();
    },
    close: out.close,
  };
}
