/** US dollars with what is not known of them: an unknown price is never counted as 0. */
export interface Money {
  /** Of all that is known. */
  readonly usd: number;
  /** What has no price, each once; [] where the sum is the whole. */
  readonly unknown: readonly string[];
}

export const NO_COST: Money = { usd: 0, unknown: [] };

export function knownMoney(usd: number): Money {
  return { usd, unknown: [] };
}

export function unknownMoney(what: string): Money {
  return { usd: 0, unknown: [what] };
}

/** The known parts are added, the unknown ones are kept. */
export function addMoney(...sums: readonly Money[]): Money {
  return {
    usd: sums.reduce((total, { usd }) => total + usd, 0),
    unknown: [...new Set(sums.flatMap(({ unknown }) => unknown))],
  };
}

export function isKnown({ unknown }: Money): boolean {
  return unknown.length === 0;
}
