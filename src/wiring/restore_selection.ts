import type { WantedState } from "../app/read_state.ts";
import type { Selection } from "../app/restore_items.ts";
import type { RestoreOptions, RunInput, StateName, WarmUpWishes } from "../cli/runner.ts";
import type { Rules } from "../ports/rules.ts";
import { gitignoreRules } from "../rules/gitignore_rules.ts";

/** Files under way at once. */
export const WORKERS = 16;

/** What a restore that goes on has settled is not asked of the config. */
export function warmUpOf(
  { job, options: { warmUp } }: RunInput<{ readonly warmUp: WarmUpWishes }>,
  isNew: boolean,
) {
  return {
    ...warmUp,
    tier: warmUp.tier ?? (isNew ? job.tier : undefined),
    days: warmUp.days ?? (isNew ? job.days : undefined),
    maxCost: job.maxCost,
  };
}

export function wantedState(name: StateName | undefined): WantedState {
  return name ?? { kind: "default" };
}

export function selectionOf(
  { paths, include, exclude }: Pick<RestoreOptions, "paths" | "include" | "exclude">,
): Selection {
  return { paths, include: matcher(include), exclude: matcher(exclude) };
}

/** Rules that "exclude" what the patterns match: here that is what is looked for. */
function matcher(patterns: readonly string[]): Rules | undefined {
  if (patterns.length === 0) return undefined;
  return gitignoreRules({ exclude: [...patterns], include: [], ignoreFile: "" });
}
