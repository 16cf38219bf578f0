import { CLASS_KEYS } from "./config_keys.ts";
import type { Problems } from "./config_problems.ts";
import { isTable, readTable } from "./config_table.ts";
import type { ClassConfig } from "./job_config.ts";
import type { TomlPath } from "./toml_lines.ts";

const CONDITIONS = ["match", "min_size", "max_size", "older_than"] as const;

/** Reads `[[job.NAME.classes]]`: which files go into which class, the first rule that fits. */
export function readClasses(
  value: unknown,
  jobPath: TomlPath,
  problems: Problems,
): ClassConfig[] {
  if (value === undefined) return [];
  const path = [...jobPath, "classes"];
  if (!Array.isArray(value) || !value.every(isTable)) {
    const header = `[[${jobPath.join(".")}.classes]]`;
    problems.add(path, "expected tables", `write ${header} and the keys of one rule below`);
    return [];
  }
  return value.flatMap((table, i) => readClass(table, [...path, i], problems) ?? []);
}

function readClass(
  table: Record<string, unknown>,
  path: TomlPath,
  problems: Problems,
): ClassConfig | undefined {
  const before = problems.count;
  const values = readTable(CLASS_KEYS, table, path, problems);
  const { match, min_size, max_size, older_than } = values;
  if (table.class === undefined) {
    problems.add(path, "class is missing", 'add class = "DEEP_ARCHIVE", or another one of S3');
  }
  if (match?.length === 0) {
    problems.add([...path, "match"], "no pattern names no file", "remove this line");
  }
  if (min_size !== undefined && max_size !== undefined && min_size > max_size) {
    problems.add([...path, "max_size"], "below min_size: no file fits", "make it the larger one");
  }
  if (problems.count === before && CONDITIONS.every((key) => table[key] === undefined)) {
    problems.add(
      path,
      "a rule for every file",
      `add one of ${CONDITIONS.join(", ")}; the class of all others is storage_class`,
    );
  }
  if (problems.count > before) return undefined;
  return {
    storageClass: values.class!,
    ...(match === undefined ? {} : { match }),
    ...(min_size === undefined ? {} : { minSize: min_size }),
    ...(max_size === undefined ? {} : { maxSize: max_size }),
    ...(older_than === undefined ? {} : { olderThan: older_than }),
  };
}
