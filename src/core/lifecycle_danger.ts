/** A bucket's lifecycle rule, as far as it can touch a repository (AWS: PutBucketLifecycleConfiguration). */
export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  /** Whole keys that begin so; "" for all. */
  readonly prefix: string;
  /** Only objects with certain tags: never ours, which have none. */
  readonly tagged: boolean;
  /** Current objects expire. */
  readonly expires: boolean;
  /** Classes that current objects are moved to. */
  readonly transitions: readonly string[];
}

/**
 * Why a bucket's rules would damage a repository, as sentences; [] where they would not. Nothing of
 * it may expire, and what is under `.holdfast/`, but for `content/`, has to stay in Standard: an
 * index must be readable without warming anything up. `keyPrefix` ends in "/" or is empty.
 */
export function lifecycleDangers(rules: readonly LifecycleRule[], keyPrefix: string): string[] {
  const own = `${keyPrefix}.holdfast/`;
  return rules.filter((rule) => rule.enabled && !rule.tagged).flatMap((rule) => {
    const name = `the bucket's lifecycle rule ${JSON.stringify(rule.id)}`;
    if (rule.expires && overlaps(rule.prefix, keyPrefix)) {
      return [`${name} expires objects of the repository`];
    }
    const meetsOwn = overlaps(rule.prefix, own) && !rule.prefix.startsWith(`${own}content/`);
    return rule.transitions.length > 0 && meetsOwn
      ? [`${name} moves objects under .holdfast/ to ${rule.transitions.join(" and ")}`]
      : [];
  });
}

function overlaps(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
