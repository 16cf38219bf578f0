import { isKind } from "../../core/error.ts";
import { findConfig, loadConfig } from "../config_file.ts";
import type { System } from "../system.ts";

/** Of the config that a command would use; none where there is none or it has errors. */
export function jobNames(system: System, config: string | undefined): string[] {
  try {
    return [...loadConfig(system, findConfig(system, config)).jobs.keys()];
  } catch (error) {
    if (isKind(error, "usage")) return [];
    throw error;
  }
}
