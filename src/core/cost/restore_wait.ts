import { type Tier, TIERS } from "../cold/restore_state.ts";

/** How long a warm-up takes, as AWS says it. */
export interface RestoreWait {
  readonly text: string;
  /** The longest of it, in milliseconds. */
  readonly atMost: number;
}

/** An archive tier of Intelligent-Tiering, as HEAD's `x-amz-archive-status` says it. */
export type ArchiveStatus = "ARCHIVE_ACCESS" | "DEEP_ARCHIVE_ACCESS";

const HOUR = 3_600_000;
const GLACIER: Readonly<Record<Tier, RestoreWait>> = {
  Bulk: { text: "5 to 12 hours", atMost: 12 * HOUR },
  Standard: { text: "3 to 5 hours", atMost: 5 * HOUR },
  Expedited: { text: "1 to 5 minutes (objects below 250 MB)", atMost: HOUR / 12 },
};
const DEEP_ARCHIVE: Readonly<Partial<Record<Tier, RestoreWait>>> = {
  Bulk: { text: "up to 48 hours", atMost: 48 * HOUR },
  Standard: { text: "up to 12 hours", atMost: 12 * HOUR },
};
/** AWS: Archive retrieval options. Intelligent-Tiering's tiers wait as their storage classes do. */
const WAITS: Readonly<Record<string, Readonly<Partial<Record<Tier, RestoreWait>>>>> = {
  GLACIER,
  DEEP_ARCHIVE,
  ARCHIVE_ACCESS: GLACIER,
  DEEP_ARCHIVE_ACCESS: DEEP_ARCHIVE,
};

/** Whether objects of a class (in an archive tier) must be warmed up before they can be read. */
export function isCold(storageClass: string, archive?: ArchiveStatus): boolean {
  return WAITS[archive ?? storageClass] !== undefined;
}

/** The wanted tier, or the next slower one that the class has; undefined for what is not cold. */
export function tierFor(
  wanted: Tier,
  storageClass: string,
  archive?: ArchiveStatus,
): { readonly tier: Tier; readonly wait: RestoreWait } | undefined {
  const waits = WAITS[archive ?? storageClass];
  if (waits === undefined) return undefined;
  const slower = TIERS.slice(0, TIERS.indexOf(wanted) + 1).reverse();
  const tier = slower.find((name) => waits[name] !== undefined)!;
  return { tier, wait: waits[tier]! };
}
