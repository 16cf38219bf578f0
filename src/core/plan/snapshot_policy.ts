import { timeText, UTC, type ZoneOffset } from "../time_text.ts";

/** How many snapshots are kept; a rule that is undefined keeps none. */
export interface KeepRules {
  readonly last: number | undefined;
  /** The newest snapshot of each of so many days, weeks, months, years that have one. */
  readonly daily: number | undefined;
  readonly weekly: number | undefined;
  readonly monthly: number | undefined;
  readonly yearly: number | undefined;
  /** All that are at most so many ms older than the newest. */
  readonly within: number | undefined;
}

export interface DatedSnapshot {
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface KeepDecision<Snapshot extends DatedSnapshot> {
  readonly snapshot: Snapshot;
  readonly keep: boolean;
  /** Why it is kept, by each rule that keeps it; why it is forgotten. */
  readonly reasons: readonly string[];
}

export function hasRules(rules: KeepRules): boolean {
  return Object.values(rules).some((value) => value !== undefined);
}

/**
 * What the rules keep, newest first. A snapshot is kept where one rule keeps it, so another rule
 * never forgets more; the newest is always kept. "Newest" is by position, because clocks jump; days,
 * weeks (from Monday, ISO 8601), months and years are those of the zone.
 */
export function applyKeepRules<Snapshot extends DatedSnapshot>(
  snapshots: readonly Snapshot[],
  rules: KeepRules,
  zone: ZoneOffset,
): KeepDecision<Snapshot>[] {
  const newest = snapshots.reduce<Snapshot | undefined>(
    (best, row) => best === undefined || row.position > best.position ? row : best,
    undefined,
  );
  if (newest === undefined) return [];
  const keepers = [
    (row: Snapshot) => row === newest ? "the newest" : undefined,
    ...countedRules(rules).map((rule) => newestOfEach(rule, zone)),
    within(rules.within, newest),
  ];
  const none = [`kept by no rule of: ${rulesText(rules)}`];
  return snapshots.toSorted((a, b) => b.position - a.position).map((snapshot) => {
    const reasons = keepers.map((reason) => reason(snapshot)).filter((text) => text !== undefined);
    const keep = reasons.length > 0;
    return { snapshot, keep, reasons: keep ? reasons : none };
  });
}

/** Forgets those that are named, the newest too, and keeps the others. */
export function forgetNamed<Snapshot extends DatedSnapshot>(
  snapshots: readonly Snapshot[],
  positions: ReadonlySet<number>,
): KeepDecision<Snapshot>[] {
  return snapshots.toSorted((a, b) => b.position - a.position).map((snapshot) => {
    const keep = !positions.has(snapshot.position);
    return { snapshot, keep, reasons: [keep ? "not named" : "named"] };
  });
}

/** `last 7, daily 30, within 30 d`. */
export function rulesText(rules: KeepRules): string {
  const counts = RULES.map(({ name }) => name)
    .filter((name) => rules[name] !== undefined)
    .map((name) => `${name} ${rules[name]}`);
  const span = rules.within === undefined ? [] : [`within ${daysText(rules.within)}`];
  return [...counts, ...span].join(", ");
}

interface CountedRule {
  readonly name: "last" | "daily" | "weekly" | "monthly" | "yearly";
  /** The same for snapshots of which only the newest is kept. */
  readonly period: (snapshot: DatedSnapshot, zone: ZoneOffset) => string;
}

const RULES: readonly CountedRule[] = [
  { name: "last", period: ({ position }) => `snapshot ${position}` },
  { name: "daily", period: ({ time }, zone) => `day ${dateOf(time, zone)}` },
  { name: "weekly", period: ({ time }, zone) => `week from ${mondayOf(time, zone)}` },
  { name: "monthly", period: ({ time }, zone) => `month ${dateOf(time, zone).slice(0, 7)}` },
  { name: "yearly", period: ({ time }, zone) => `year ${dateOf(time, zone).slice(0, 4)}` },
];

function countedRules(rules: KeepRules): (CountedRule & { count: number })[] {
  return RULES.flatMap((rule) => {
    const count = rules[rule.name];
    return count === undefined ? [] : [{ ...rule, count }];
  });
}

/** Asked newest first: remembers the periods that have their snapshot. */
function newestOfEach({ name, period, count }: CountedRule & { count: number }, zone: ZoneOffset) {
  const seen = new Set<string>();
  return (snapshot: DatedSnapshot): string | undefined => {
    if (seen.size >= count) return undefined;
    const found = period(snapshot, zone);
    if (seen.has(found)) return undefined;
    seen.add(found);
    const place = `${name}, ${seen.size} of ${count}`;
    return name === "last" ? place : `${place}: ${found}`;
  };
}

function within(span: number | undefined, newest: DatedSnapshot) {
  return ({ time }: DatedSnapshot): string | undefined =>
    span !== undefined && time >= newest.time - span
      ? `within ${daysText(span)} of the newest`
      : undefined;
}

function dateOf(time: number, zone: ZoneOffset): string {
  return timeText(time, zone).slice(0, 10);
}

const DAY_MS = 86_400_000;

/** 1970-01-01 was a Thursday. */
function mondayOf(time: number, zone: ZoneOffset): string {
  const day = Math.floor((time + zone(time) * 60_000) / DAY_MS);
  const weekday = (((day + 3) % 7) + 7) % 7;
  return dateOf((day - weekday) * DAY_MS, UTC);
}

function daysText(ms: number): string {
  return ms % DAY_MS === 0 ? `${ms / DAY_MS} d` : `${Number((ms / 3_600_000).toFixed(2))} h`;
}
