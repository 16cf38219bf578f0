import { absolutePath } from "./local_path.ts";
import type { System } from "./system.ts";

/** Absolute paths of what `--identity` names, else of HOLDFAST_IDENTITY_FILE; [] for neither. */
export function identityFiles(
  system: System,
  named: readonly string[] | undefined,
): readonly string[] {
  const place = { folder: system.cwd, home: system.home };
  const variable = system.env("HOLDFAST_IDENTITY_FILE");
  return (named ?? (variable ? [variable] : [])).map((file) => absolutePath(file, place));
}
