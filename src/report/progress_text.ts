import { displayPath } from "../core/path_text.ts";
import type { PhaseName, Signal } from "../core/signal.ts";
import { formatDuration, formatSize } from "../core/size_text.ts";
import { cellWidth, fitEnd } from "./cell_width.ts";
import { counted, grouped, percentOf } from "./count_text.ts";
import { type Meter, meterOf } from "./progress_meter.ts";

/** What is known of a phase that is going on; made from signals, shown as one line. */
export interface Progress {
  see(signal: Signal, now: number): void;
  /** One line of at most `width` columns, or undefined where there is nothing to show yet. */
  line(now: number, width: number): string | undefined;
}

const COUNTED_KINDS = [
  ...["scan", "upload", "restore", "replay", "rebuild", "check", "prune", "undo", "read"] as const,
];
type Counted = Extract<Signal, { kind: typeof COUNTED_KINDS[number] }>;

interface Phase {
  readonly name: PhaseName;
  readonly subject: string | undefined;
  readonly count: Meter;
  readonly bytes: Meter;
  last: Counted | undefined;
}

export function progressOf(): Progress {
  let phase: Phase | undefined;
  return {
    see(signal, now) {
      if (signal.kind === "phase") phase = newPhase(signal.name, signal.subject);
      else if (isCounted(signal)) {
        phase ??= newPhase(signal.kind, undefined);
        phase.last = signal;
        phase.count.add(signal.kind === "scan" ? signal.entries : signal.done, now);
        if (hasBytes(signal)) phase.bytes.add(signal.bytes, now);
      }
    },
    line(now, width) {
      if (phase === undefined) return undefined;
      const text = fitted(phaseParts(phase, now), width);
      const path = phase.last !== undefined ? pathOf(phase.last) : phase.subject ?? "";
      const room = width - cellWidth(text) - 2;
      return path === "" || room < 8 ? text : `${text}  ${fitEnd(path, room)}`;
    },
  };
}

function newPhase(name: PhaseName, subject: string | undefined): Phase {
  return { name, subject, count: meterOf(), bytes: meterOf(), last: undefined };
}

function isCounted(signal: Signal): signal is Counted {
  return (COUNTED_KINDS as readonly string[]).includes(signal.kind);
}

type WithBytes = Exclude<Counted, { kind: "replay" | "rebuild" }>;

function hasBytes(signal: Counted): signal is WithBytes {
  return signal.kind !== "replay" && signal.kind !== "rebuild";
}

const COUNTED = { replay: "event", rebuild: "segment" } as const;

const VERBS: { readonly [name in PhaseName]: string } = {
  probe: "probing the store",
  scan: "scanning",
  upload: "uploading",
  ship: "shipping the log",
  checkpoint: "shipping the index",
  lock: "looking after the locks",
  restore: "restoring",
  wait: "waiting for what is archived",
  read: "reading the packs",
  rebuild: "reading the log",
  replay: "replaying",
  list: "listing the store",
  check: "checking",
  prune: "pruning",
  undo: "undoing",
  verify: "verifying",
};

function phaseParts(phase: Phase, now: number): string[] {
  const { last } = phase;
  const verb = VERBS[phase.name];
  if (last === undefined) return [verb];
  const rate = phase.count.rate(now);
  if (last.kind === "scan") {
    const speed = rate === undefined ? [] : [`${grouped(Math.round(rate))}/s`];
    return [verb, counted(last.entries, "entry", "entries"), formatSize(last.bytes), ...speed];
  }
  const eta = etaParts(phase, last, now);
  if (!hasBytes(last)) {
    const speed = rate === undefined ? [] : [`${grouped(Math.round(rate))}/s`];
    const count = `${grouped(last.done)} of ${counted(last.total, COUNTED[last.kind])}`;
    return [verb, count, percentOf(last.done, last.total), ...speed, ...eta];
  }
  const [one, many] = last.kind === "read" ? ["pack", "packs"] : ["entry", "entries"];
  const count = `${grouped(last.done)} of ${counted(last.total, one, many)}`;
  const bytes = `${formatSize(last.bytes)} of ${formatSize(last.totalBytes)}`;
  const percent = last.totalBytes > 0
    ? percentOf(last.bytes, last.totalBytes)
    : percentOf(last.done, last.total);
  const byteRate = phase.bytes.rate(now);
  const speed = byteRate === undefined ? [] : [`${formatSize(Math.round(byteRate))}/s`];
  return [verb, count, bytes, percent, ...speed, ...eta];
}

/** The slower of what the entries and what the bytes say: many small files, or few large ones. */
function etaParts(phase: Phase, last: Exclude<Counted, { kind: "scan" }>, now: number): string[] {
  const pairs: [left: number, rate: number | undefined][] = [
    [last.total - last.done, phase.count.rate(now)],
  ];
  if (hasBytes(last)) pairs.push([last.totalBytes - last.bytes, phase.bytes.rate(now)]);
  let longest = 0;
  for (const [left, rate] of pairs) {
    if (left <= 0) continue;
    if (!rate) return [];
    longest = Math.max(longest, left / rate);
  }
  if (longest < 1) return [];
  const left = longest < 60 ? `${Math.ceil(longest)} s` : formatDuration(longest * 1000);
  return [`ETA ${left}`];
}

function pathOf(signal: Counted): string {
  if (!hasBytes(signal)) return "";
  return displayPath(signal.kind === "scan" ? signal.path : signal.current);
}

/** Where all do not fit, the counts go first: what is doing and when it ends stay longest. */
function fitted([verb, ...parts]: string[], width: number): string {
  for (let from = 0; from <= parts.length; from++) {
    const text = [verb, ...parts.slice(from)].join("  ");
    if (cellWidth(text) <= width) return text;
  }
  return "";
}
