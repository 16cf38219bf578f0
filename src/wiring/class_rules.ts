import type { JobConfig } from "../cli/job_config.ts";
import type { ClassRule } from "../core/mirror/class_rules.ts";
import { gitignoreRules } from "../rules/gitignore_rules.ts";

/** The rules of a job, their patterns ready to be asked. */
export function classRules(classes: JobConfig["classes"]): ClassRule[] {
  return classes.map(({ match, ...rule }) => {
    if (match === undefined) return rule;
    const patterns = gitignoreRules({ exclude: match, include: [], ignoreFile: "" });
    return { ...rule, matches: (path) => patterns.excludes(path, false) };
  });
}
