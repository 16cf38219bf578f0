/** Counts by reason, of which a report may have as many as it has rows. */
export interface ReasonTally {
  /** `code` is what is counted by; of its reasons the first is kept. */
  add(code: string, reason: string): void;
  counts(): ReadonlyMap<string, number>;
}

/** Different ones that are told apart. */
const MOST = 20;
const OTHERS = "other reasons";

export function reasonTally(): ReasonTally {
  const found = new Map<string, { reason: string; count: number }>();
  return {
    add(code, reason) {
      const isOther = !found.has(code) && found.size >= MOST;
      const [name, text] = isOther ? [OTHERS, OTHERS] : [code, reason];
      const { reason: first, count } = found.get(name) ?? { reason: text, count: 0 };
      found.set(name, { reason: first, count: count + 1 });
    },
    counts() {
      const counts = new Map<string, number>();
      for (const { reason, count } of found.values()) {
        counts.set(reason, (counts.get(reason) ?? 0) + count);
      }
      return counts;
    },
  };
}
