/**
 * V8's young generation, in MiB a half: its default lets a run that makes much short-lived garbage
 * grow by tens of MiB without being faster for it (docs/decisions/young_generation.md).
 */
export const V8_FLAGS = "--max-semi-space-size=4";
