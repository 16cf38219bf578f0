/** Days for which storage is charged at least (AWS: Amazon S3 pricing, storage classes). */
export const MINIMUM_DAYS: Readonly<Record<string, number>> = {
  STANDARD_IA: 30,
  ONEZONE_IA: 30,
  GLACIER_IR: 90,
  GLACIER: 90,
  DEEP_ARCHIVE: 180,
};

/** Classes that charge for as long as something is stored, and no longer (AWS: S3 pricing). */
const WITHOUT_MINIMUM = new Set([
  ...["STANDARD", "REDUCED_REDUNDANCY", "INTELLIGENT_TIERING", "EXPRESS_ONEZONE"],
]);

const DAY_MS = 86_400_000;

/**
 * Days of its class's minimum storage duration that are still to be paid, rounded up; undefined: not
 * known. Times are in milliseconds since 1970.
 */
export function remainingDays(
  storageClass: string,
  storedAt: number,
  now: number,
): number | undefined {
  if (WITHOUT_MINIMUM.has(storageClass)) return 0;
  const days = MINIMUM_DAYS[storageClass];
  if (days === undefined) return undefined;
  return Math.max(0, Math.ceil((storedAt + days * DAY_MS - now) / DAY_MS));
}
