import { join, relative, sep } from "node:path";
import { filesBelow } from "../files_below.ts";
import { projectRoot } from "../project_root.ts";

export interface Selection {
  /** Leaves out tests/e2e and files whose name ends in _slow_test.ts. */
  readonly fast: boolean;
  /** Leaves out tests/e2e: they run the executable, whatever runtime runs them. */
  readonly inProcess: boolean;
  /** Keeps only files whose path contains one of these; all files where there are none. */
  readonly names: readonly string[];
}

/** The test files of the project that fit, as paths below its root with forward slashes. */
export function testFiles(selection: Selection): string[] {
  return filesBelow(join(projectRoot, "tests"))
    .map((file) => relative(projectRoot, file).split(sep).join("/"))
    .filter((file) => isSelected(file, selection));
}

/** Whether one path below the project's root is a test file that fits. */
export function isSelected(file: string, { fast, inProcess, names }: Selection): boolean {
  if (!file.endsWith("_test.ts")) return false;
  if ((fast || inProcess) && file.startsWith("tests/e2e/")) return false;
  if (fast && file.endsWith("_slow_test.ts")) return false;
  return names.length === 0 || names.some((name) => file.includes(name));
}
