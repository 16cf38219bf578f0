import { HoldfastError } from "../core/error.ts";
import { type LoginValues, SOURCE_KEYS, type ValuesOf } from "./config_keys.ts";
import type { Problems } from "./config_problems.ts";
import { readShare } from "./config_shares.ts";
import { isTable, readTable } from "./config_table.ts";
import { readText, wanted } from "./config_values.ts";
import type { SourceConfig } from "./job_config.ts";
import { absolutePath } from "./local_path.ts";
import type { TomlPath } from "./toml_lines.ts";

export interface SourcesContext {
  /** The job's section. */
  readonly path: TomlPath;
  readonly place: { readonly folder: string; readonly home: string };
  /** The job's own patterns, in front of each source's. */
  readonly common: Pick<SourceConfig, "exclude" | "include">;
  /** The job's own login keys, for shares without their own. */
  readonly login: LoginValues;
  readonly problems: Problems;
}

/** Reads `sources`: one path, or a list of paths and tables. */
export function readSources(value: unknown, context: SourcesContext): SourceConfig[] {
  const { problems } = context;
  const path = [...context.path, "sources"];
  if (value === undefined) {
    problems.add(context.path, "sources is missing", 'add sources = ["/folder"]');
    return [];
  }
  const items = typeof value === "string" ? [value] : value;
  if (!Array.isArray(items) || items.length === 0) {
    problems.attempt(path, () => {
      throw wanted("a list of paths or tables, not empty", value);
    });
    return [];
  }
  const sources = items.map((item, i) => readSource(item, [...path, i], context));
  checkNames(sources, path, problems);
  return sources;
}

function readSource(item: unknown, path: TomlPath, context: SourcesContext): SourceConfig {
  const { problems, common } = context;
  const values: ValuesOf<typeof SOURCE_KEYS> = isTable(item)
    ? readTable(SOURCE_KEYS, item, path, problems)
    : { path: problems.attempt(path, () => readText(item)) };
  if (isTable(item) && item.path === undefined) {
    problems.add(path, "path is missing", 'write { path = "/folder", name = "…" }');
  }
  const found = problems.attempt(path, () => placeOfSource(values, context)) ?? { path: "/" };
  return {
    name: values.name ?? "",
    ...found,
    exclude: [...common.exclude, ...(values.exclude ?? [])],
    include: [...common.include, ...(values.include ?? [])],
  };
}

function placeOfSource(
  { path = "", auth, password_file, password_env }: ValuesOf<typeof SOURCE_KEYS>,
  { login, place }: SourcesContext,
): Pick<SourceConfig, "path" | "share"> {
  const own = { auth, password_file, password_env };
  const share = readShare(path, own, { common: login, place });
  if (share !== undefined) return share;
  if (Object.values(own).some((value) => value !== undefined)) {
    throw new HoldfastError("usage", "a login has no meaning for a path of this machine", {
      hint: "remove auth, password_file and password_env",
    });
  }
  return { path: absolutePath(localPath(path), place) };
}

function localPath(path: string): string {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//.exec(path)?.[1].toLowerCase();
  if (scheme === undefined) return path;
  throw new HoldfastError("usage", `a source is a path, not a ${scheme}:// URL`, {
    hint: 'write "/folder", or "smb://USER@HOST/SHARE"',
  });
}

function checkNames(sources: readonly SourceConfig[], path: TomlPath, problems: Problems): void {
  const seen = new Map<string, number>();
  for (const [i, { name }] of sources.entries()) {
    if (sources.length > 1 && name === "") {
      problems.add(
        [...path, i],
        "a source of several needs a name",
        'write { path = "/folder", name = "…" }',
      );
    } else if (seen.has(name)) {
      problems.add(
        [...path, i],
        `${JSON.stringify(name)} names another source already`,
        "choose another name",
      );
    }
    seen.set(name, i);
  }
}
