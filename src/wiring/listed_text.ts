import type { Unlisted } from "../app/find_listed.ts";
import type { ListedEntry } from "../app/list_entries.ts";
import type { Output } from "../cli/output.ts";
import { HoldfastError } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { displayPath, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import { entryLine, longEntryLine } from "../report/entry_text.ts";
import { nearest } from "../report/nearest.ts";
import { entryRecord, recordLine } from "../report/records.ts";

/** The line of an entry, or its record. */
export function listedText(output: Output, long: boolean, { path, row }: ListedEntry): string {
  if (!output.json && !long) return entryLine(path, typeAt(row.stat));
  const stat = unpackStat(row.stat);
  const target = "target" in row && row.target !== null
    ? { target: textOfBytes(row.target) }
    : undefined;
  if (!output.json) return longEntryLine(path, stat, { zone: output.zone, ...target });
  const { stored, sha256 } = row.content;
  const content = stored > 0 && sha256 !== null ? { sha256: hex(sha256) } : undefined;
  return recordLine(entryRecord(path, stat, { ...target, ...content }));
}

export function notListed(path: PathText, missing: Unlisted, label: string): HoldfastError {
  const { within, name, why } = missing;
  const near = why === "unknown" ? nearest(name, missing.names()) : undefined;
  const rest = path.slice(joinPath(within, name).length);
  const hint = near !== undefined
    ? `did you mean ${displayPath(joinPath(within, near) + rest)}?`
    : why === "removed"
    ? `it was removed before; holdfast history ${displayPath(path)} tells when`
    : why === "no-folder"
    ? `${displayPath(joinPath(within, name))} is no folder`
    : `holdfast ls ${displayPath(within)}`.trimEnd() + " lists what is there";
  return new HoldfastError("usage", `there is no ${displayPath(path)} in ${label}`, { hint });
}
