import { HoldfastError } from "../core/error.ts";
import type { PackRow } from "../core/index/pack_rows.ts";

/** A pack whose bytes are not what was stored: kind "damage", with the pack's key. */
export function packDamage({ key }: PackRow, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError("damage", `the pack ${key} is damaged: ${what}`, {
    context: { key },
    cause,
  });
}

/**
 * What a failed read of a pack means for the entries that are in it: kind "damage", or "entry" where
 * the store has it no more or does not give it. Throws again what is nobody's in particular.
 */
export function packFailure(row: PackRow, error: unknown): HoldfastError {
  if (!(error instanceof HoldfastError)) throw error;
  const detail = { context: { key: row.key }, cause: error };
  switch (error.kind) {
    case "damage":
      return packDamage(row, error.message, error);
    case "conflict":
      // Ids of packs are random and used once: nothing else has a right to be under the key.
      return packDamage(
        row,
        "another object is in its place, and the store kept no version",
        error,
      );
    case "gone":
      return new HoldfastError("entry", `gone: ${row.key} is no longer in the store`, detail);
    case "refused":
      if (error.context.code === "InvalidRange") return packDamage(row, shorter(row), error);
      if (error.context.code === "InvalidObjectState") return archived(row, detail);
      return new HoldfastError("entry", error.message, detail);
    default:
      throw error;
  }
}

function archived({ key }: PackRow, detail: { context: { key: string }; cause: HoldfastError }) {
  const what = `the pack ${key} is archived: warm it up first, then repeat the command`;
  return new HoldfastError("entry", what, detail);
}

export function shorter({ size }: PackRow): string {
  return `it is shorter than the ${size} bytes that it had`;
}
