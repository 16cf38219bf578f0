import { HoldfastError } from "../core/error.ts";
import type { EventData } from "../core/event/event.ts";
import { displayPath, type PathText, textOfJson } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { rootNames } from "./adopt_batch.ts";

/** A source as the config has it. */
export interface NamedSource {
  readonly name: string;
  readonly path: PathText;
}

/** A source that the config does not have any more. */
export interface LeftSource extends NamedSource {
  /** What the index knows of it, its root not counted. */
  readonly entries: number;
}

/**
 * A source is its name (DESIGN section 6): one with a name that the index does not know, and with the
 * path of one that the config does not name any more, is that one under another name.
 */
export function renamedSources(
  index: IndexModel,
  sources: readonly NamedSource[],
): EventData["SourceRenamed"][] {
  const roots = new Set(rootNames(index));
  const known = index.sources();
  const names = new Set(sources.map(({ name }) => name));
  const left = known.filter(({ name }) => !names.has(name))
    .sort((a, b) => b.started - a.started);
  return sources.flatMap(({ name, path }) => {
    if (roots.has(name) || known.some((row) => row.name === name)) return [];
    const at = left.findIndex((row) => pathOf(row) === path);
    return at < 0 ? [] : [{ from: left.splice(at, 1)[0].name, to: name }];
  });
}

/**
 * Fails with kind "usage" where a source without a name would be beside others, in the config or in
 * the index: its keys may be those of any of them.
 */
export function refuseUnnamed(index: IndexModel, sources: readonly NamedSource[]): void {
  const renames = renamedSources(index, sources);
  const roots = new Set(rootNames(index));
  for (const { from } of renames) roots.delete(from);
  const unnamed = sources.find(({ name }) => name === "");
  const others = [...roots].filter((name) => name !== "");
  if (unnamed !== undefined && others.length > 0) {
    const before = renames.find(({ to }) => to === "")?.from ?? "…";
    throw new HoldfastError(
      "usage",
      `the source ${displayPath(unnamed.path)} has no name, and the index knows others (${
        others.map(displayPath).join(", ")
      })`,
      {
        context: { path: unnamed.path },
        hint: `write { path = ${JSON.stringify(unnamed.path)}, name = "${before}" } in \`sources\``,
      },
    );
  }
  if (unnamed !== undefined || !roots.has("")) return;
  const row = index.sources().find(({ name }) => name === "");
  const path = row === undefined ? "…" : pathOf(row);
  throw new HoldfastError(
    "usage",
    "the source that the index knows has no name, and is not in the config",
    {
      context: { path },
      hint: `name it first: back up { path = ${JSON.stringify(path)}, name = "…" } once; ` +
        "then it may get another path, or leave the config",
    },
  );
}

/** Those whose entries stay known and stored, though no run will look at them. */
export function leftSources(
  index: IndexModel,
  sources: readonly NamedSource[],
): LeftSource[] {
  const renames = renamedSources(index, sources).map(({ from }) => from);
  const names = new Set([...sources.map(({ name }) => name), ...renames]);
  const paths = new Map(index.sources().map((row) => [row.name, pathOf(row)]));
  return rootNames(index).flatMap((name) => {
    const root = index.paths.find(name, "")!;
    const entries = names.has(name) ? 0 : index.countBelow(root.id) - 1;
    return entries > 0 ? [{ name, path: paths.get(name) ?? "", entries }] : [];
  });
}

function pathOf({ path }: { path: string }): PathText {
  return textOfJson(JSON.parse(path));
}
