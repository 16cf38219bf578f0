/**
 * Archived objects before, during and after a restore request (DESIGN section 2: cold, warming,
 * warm). AWS: Restoring an archived object; RestoreObject; HeadObject `x-amz-restore`.
 */

/** Retrieval tiers, the slowest first: a request under way may become faster, never slower. */
export const TIERS = ["Bulk", "Standard", "Expedited"] as const;
export type Tier = (typeof TIERS)[number];

/** Whether a request at this tier can be made faster by one at the other. Of an unknown one nobody knows. */
export function isSlower(tier: Tier | null | undefined, than: Tier): boolean {
  return tier != null && TIERS.indexOf(tier) < TIERS.indexOf(than);
}

/** `bulk`, as a person writes it. */
export function tierNamed(name: "bulk" | "standard" | "expedited"): Tier {
  return TIERS.find((tier) => tier.toLowerCase() === name)!;
}

/** What a store says of an object for which a restore was requested; nothing of one that is cold. */
export type RestoreState =
  | { readonly kind: "warming" }
  /** `expiry`: milliseconds since 1970 at which the restored copy goes. */
  | { readonly kind: "warm"; readonly expiry: number };
