import { breather } from "../app/breather.ts";
import { collateFolders } from "../app/collate_folders.ts";
import type { Listed } from "../app/find_listed.ts";
import { listEntries } from "../app/list_entries.ts";
import type { LsOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import { displayPath } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { COLLATED_HEAD, collatedLine, collatedRecord } from "../report/collated_text.ts";
import { recordLine } from "../report/records.ts";
import { systemEnvironment } from "./environment.ts";
import { lineBuffer } from "./line_buffer.ts";

/** `ls --collate`: a line for each folder as soon as all of it was counted, and one for all. */
export async function listCollated(
  { output, options, signal }: RunInput<LsOptions>,
  index: IndexModel,
  listed: Listed,
  depth: number,
): Promise<void> {
  const { path } = options;
  if (listed.kind === "entry") {
    throw new HoldfastError("usage", `${displayPath(path)} is no folder`, {
      hint: "--collate counts what is in folders; leave it out to see the entry",
    });
  }
  const breathe = breather(systemEnvironment().clock, signal);
  const lines = lineBuffer(output.json ? output.raw : output.text);
  if (!output.json) lines.add(COLLATED_HEAD);
  const all = { path, entries: 0, files: 0, bytes: 0n, storedBytes: 0n };
  const entries = listEntries(index, listed, { recursive: true });
  for await (const totals of collateFolders(entries, { path, depth }, breathe)) {
    all.entries += totals.entries;
    all.files += totals.files;
    all.bytes += totals.bytes;
    all.storedBytes += totals.storedBytes;
    lines.add(output.json ? recordLine(collatedRecord(totals)) : collatedLine(totals));
  }
  if (!output.json) lines.add(collatedLine(all, "total"));
  lines.flush();
}
