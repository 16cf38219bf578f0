/** What nothing needs any more, and what locks keep all the same. */
export interface HeldSpace {
  readonly objects: number;
  readonly bytes: number;
  /** When the first and the last of these locks ends (ms since 1970). */
  readonly from: number;
  readonly until: number;
}

/** Adds one object; undefined for nothing so far. */
export function withHeld(
  held: HeldSpace | undefined,
  { bytes, until }: { readonly bytes: number; readonly until: number },
): HeldSpace {
  if (held === undefined) return { objects: 1, bytes, from: until, until };
  return {
    objects: held.objects + 1,
    bytes: held.bytes + bytes,
    from: Math.min(held.from, until),
    until: Math.max(held.until, until),
  };
}

/** As the totals of a run, so that `status` knows it. */
export function heldTotals(held: HeldSpace | undefined): Record<string, string> {
  if (held === undefined) return {};
  const { objects, bytes, from, until } = held;
  const counts = { held: objects, held_bytes: bytes, held_from: from, held_until: until };
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, `${count}`]));
}

/** The same read back; undefined where the run has left nothing. */
export function heldOfTotals(totals: Readonly<Record<string, string>>): HeldSpace | undefined {
  const { held, held_bytes: bytes, held_from: from, held_until: until } = totals;
  if (held === undefined) return undefined;
  return {
    ...{ objects: Number(held), bytes: Number(bytes) },
    ...{ from: Number(from), until: Number(until) },
  };
}
