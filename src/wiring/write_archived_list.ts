import { leftArchived } from "../app/unsettled_renames.ts";
import { HoldfastError, messageOf } from "../core/error.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** What the list is called until it is whole. */
export function partOf(file: string): string {
  return `${file}.holdfast-new`;
}

/** Bytes that are written at once. */
const BUFFER = 1 << 16;

/**
 * Writes `archived_list`: a line for each archived object under the key of an old path, `old key TAB
 * new key LF`. Keys have no control characters (core/mirror/object_key.ts), so a shell can read them.
 * Takes the place of the former list as a whole. Throws kind "failed".
 */
export function writeArchivedList(file: string, index: IndexModel): void {
  const part = partOf(file);
  try {
    using out = Deno.openSync(part, { write: true, create: true, truncate: true, mode: 0o600 });
    let text = "";
    const flush = () => {
      for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
        rest = rest.subarray(out.writeSync(rest));
      }
      text = "";
    };
    for (const { from, to } of leftArchived(index)) {
      text += `${from}\t${to}\n`;
      if (text.length >= BUFFER) flush();
    }
    flush();
    out.syncSync();
    Deno.renameSync(part, file);
  } catch (cause) {
    throw new HoldfastError("failed", `archived_list cannot be written: ${messageOf(cause)}`, {
      context: { file },
      hint: "the backup itself is done; make the folder writable, or name another file",
      cause,
    });
  }
}
