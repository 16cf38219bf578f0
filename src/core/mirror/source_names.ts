import type { PathText } from "../path_text.ts";
import type { RenamesRecord } from "./renames_record.ts";

/** Tells the sources of full paths apart, as their names were at a position. */
export interface SourceNames {
  /** undefined where the path is in no source. */
  split(path: PathText, position: number): { source: string; path: PathText } | undefined;
}

/**
 * Of the names that a job's sources have now, the records that say how they came by them, and names
 * that were met elsewhere.
 */
export function sourceNames(
  known: Iterable<string>,
  records: readonly RenamesRecord[],
  met: readonly { readonly source: string; readonly position: number }[] = [],
): SourceNames {
  const renames = records.flatMap((record) =>
    record.is === "source" ? [{ ...record, position: record.position }] : []
  );
  const now = new Set(known);
  for (const record of records) {
    if (record.is !== "scan") continue;
    now.add(nameNow(record.data.source, record.position));
  }
  for (const { source, position } of met) now.add(nameNow(source, position));

  function nameNow(source: string, position: number): string {
    return renames.reduce(
      (name, { position: at, from, to }) => at > position && name === from ? to : name,
      source,
    );
  }

  function namesAt(position: number): Set<string> {
    const names = new Set(now);
    for (const { position: at, from, to } of renames.toReversed()) {
      if (at > position && names.delete(to)) names.add(from);
    }
    return names;
  }

  return {
    split(path, position) {
      const names = renames.length === 0 ? now : namesAt(position);
      const slash = path.indexOf("/");
      const first = slash < 0 ? path : path.slice(0, slash);
      const rest = slash < 0 ? "" : path.slice(slash + 1);
      if (first !== "" && names.has(first)) return { source: first, path: rest };
      if (names.size === 0 || names.has("")) return { source: "", path };
      // Where sources have names, what is in none that is known is in one that is gone.
      return rest === "" ? undefined : { source: first, path: rest };
    },
  };
}
