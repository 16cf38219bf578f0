/**
 * Codes by which a store refuses what has to do with archived objects (AWS: RestoreObject, GetObject
 * and CopyObject, each under Errors).
 */

/** Of a restore request: the object is in no archive class, or active again. It can be read as it is. */
export const NOT_ARCHIVED: ReadonlySet<string> = new Set([
  "InvalidObjectState",
  "ObjectAlreadyInActiveTierError",
]);

/** Of a restore request: the service has no capacity for Expedited now. */
export const NO_CAPACITY = "GlacierExpeditedRetrievalNotAvailable";

/** Of a read or a copy: the object is archived, and not warm. AWS's code, and what moto answers. */
export const STILL_COLD: ReadonlySet<string> = new Set([
  "InvalidObjectState",
  "ObjectNotInActiveTierError",
]);
