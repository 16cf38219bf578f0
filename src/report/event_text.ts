import type { AnyEvent, EventData, EventType, ObservedFolder } from "../core/event/event.ts";
import { displayPath, joinPath, type JsonPath, textOfJson } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "./count_text.ts";
import { lockSettingText } from "./lock_text.ts";
import { timeText, type ZoneOffset } from "../core/time_text.ts";

/** `log`: one line an event: position, time, type, and what it says in short. */
export function eventLineText(event: AnyEvent, atMs: number, zone: ZoneOffset): string {
  const position = String(event.position).padStart(7);
  const line = `${position}  ${timeText(atMs, zone)}  ${event.type.padEnd(17)}  ${
    summaryOf(event)
  }`;
  return line.trimEnd();
}

type Summaries = { readonly [T in EventType]: (data: EventData[T]) => string };

const SUMMARIES: Summaries = {
  RepositoryCreated: (d) => `${d.repository} at ${d.url}, layout ${d.layout}`,
  StoreProbed: (d) => `${d.url}: ${lacking(d.features)}`,
  RunStarted: (d) => `${d.command} of ${d.job} by ${d.user} on ${d.host}, ${d.program}`,
  RunFinished: (d) => [`exit code ${d.outcome}`, ...totals(d.totals)].join(", "),
  RunInterrupted: (d) => `run ${d.run} ended without a word`,
  GuardOverridden: (d) =>
    `${sourceText(d.source)}${d.guard}: ${counted(d.missing, "entry", "entries")} let go`,
  ScanStarted: (d) => `${sourceText(d.source)}${shown(d.path)}`,
  EntriesObserved: (d) => `${sourceText(d.source)}${observed(d.folders)}`,
  ScanRefused: (d) =>
    `${sourceText(d.source)}${d.guard}: ${counted(d.missing, "entry", "entries")} missing, ` +
    `limit ${d.limit}`,
  ScanCompleted: (d) =>
    `${sourceText(d.source)}${counted(BigInt(d.entries), "entry", "entries")}, ` +
    `${formatSize(BigInt(d.bytes))}, digest ${d.digest.slice(0, 16)}…`,
  UploadStarted: (d) => `${d.key}, ${formatSize(BigInt(d.size))}`,
  UploadCreated: (d) => d.key,
  UploadAborted: (d) => `${d.key}: ${d.reason}`,
  ObjectsStored: (d) => {
    const objects = d.folders.flatMap((folder) => folder.objects);
    const bytes = objects.reduce((sum, { size }) => sum + BigInt(size ?? 0), 0n);
    const where = firstPath(d.folders[0]?.path, objects[0]?.name, objects.length);
    return `${sourceText(d.source)}${counted(objects.length, "object")}, ${formatSize(bytes)}, ` +
      `${d.class}: ${where}` + (d.adopted === undefined ? "" : `, adopted by ${d.adopted}`);
  },
  ObjectsRefused: (d) =>
    `${sourceText(d.source)}${counted(d.entries.length, "entry", "entries")}: ` +
    `${shown(d.entries[0]?.path ?? "")}: ${d.entries[0]?.reason ?? ""}`,
  SnapshotCreated: (d) =>
    `${counted(BigInt(d.entries), "entry", "entries")}, ${formatSize(BigInt(d.bytes))}` +
    (d.gaps ? `, ${counted(d.gaps, "gap")}` : ""),
  RestorePlanned: (d) =>
    `${counted(BigInt(d.entries), "entry", "entries")}, ${formatSize(BigInt(d.bytes))} ` +
    `of position ${d.position} to ${shown(d.to)}` +
    (d.job === undefined ? "" : `, restore ${d.job}`),
  EntriesRestored: (d) =>
    `${counted(BigInt(d.entries), "entry", "entries")}, ${formatSize(BigInt(d.bytes))}` +
    failures(BigInt(d.failed.length)),
  RestoreFinished: (d) =>
    `exit code ${d.outcome}, ${counted(BigInt(d.entries), "entry", "entries")}, ` +
    `${formatSize(BigInt(d.bytes))}${failures(BigInt(d.failed))}`,
  ObjectCopied: (d) => {
    const objects = d.folders.flatMap((folder) => folder.objects);
    return `${sourceText(d.source)}${counted(objects.length, "object")}, ${d.class}: ` +
      firstPath(d.folders[0]?.path, objects[0]?.name, objects.length);
  },
  RenamePlanned: (d) => renames(d),
  RenameAliased: (d) => renames(d),
  RenameSettled: (d) => `${sourceText(d.source)}${several(d.paths.map(({ path }) => path))}`,
  DeletionPlanned: (d) => deletions(d),
  ObjectDeleted: (d) => deletions(d),
  AliasesReleased: (d) => several(d.keys),
  SourceRenamed: (d) => `${JSON.stringify(d.from)} is ${JSON.stringify(d.to)} now`,
  SnapshotForgotten: (d) =>
    several(d.snapshots.map(({ position, reason }) => `${position} (${reason})`)),
  Undone: (d) =>
    `run ${d.run}: ${counted(BigInt(d.entries), "entry", "entries")} as at ${d.to}` +
    (d.lost === "0" ? "" : `, ${d.lost} lost`),
  LogSegmentShipped: (d) => `events ${d.first} to ${d.last}`,
  RenamesShipped: (d) => `of events ${d.first} to ${d.last}`,
  LogCheckpointed: (d) => `at ${d.position}`,
  TakenOver: (d) => `log ${d.log} at ${d.position} by ${d.host}`,
  IndexRebuilt: (d) =>
    `from ${d.way}: ${counted(d.segments, "segment")}, ${counted(d.objects, "object")}` +
    [...d.missing, ...d.unknown ?? []].map((text) => `; ${text}`).join(""),
  ObjectDiscovered: (d) => `${d.key} of ${shown(d.path)}`,
  ObjectVerified: (d) =>
    `${sourceText(d.source)}${
      counted(d.folders.reduce((sum, { names }) => sum + names.length, 0), "object")
    }${d.read === true ? ", read" : ""}`,
  ObjectMissing: (d) => `${sourceText(d.source)}${shown(d.path)}: ${d.reason}`,
  ObjectDamaged: (d) => `${sourceText(d.source)}${shown(d.path)}: ${d.reason}`,
  RecipientsChanged: (d) => d.recipients.length === 0 ? "none" : d.recipients.join(", "),
  PackStarted: (d) => `${d.key}, ${d.class}`,
  MembersPacked: (d) => {
    const members = d.folders.flatMap((folder) => folder.objects);
    const bytes = members.reduce((sum, { size }) => sum + BigInt(size ?? 0), 0n);
    const where = firstPath(d.folders[0]?.path, members[0]?.name, members.length);
    return `${sourceText(d.source)}${counted(members.length, "entry", "entries")}, ` +
      `${formatSize(bytes)}${d.pack === undefined ? "" : `, pack ${d.pack}`}: ${where}`;
  },
  ChunksPacked: (d) => `${counted(d.chunks.length, "chunk")}, pack ${d.pack}`,
  ChunksListed: (d) => `of the content ${d.sha256}`,
  PartPrepared: (d) => `part ${d.part} of pack ${d.pack}, ${formatSize(d.size)}`,
  PackStored: (d) => `${d.key}, ${formatSize(BigInt(d.size))}`,
  MembersLost: (d) => {
    const entries = d.folders.flatMap((folder) => folder.entries);
    const where = firstPath(d.folders[0]?.path, entries[0]?.name, entries.length);
    return `${sourceText(d.source)}${counted(entries.length, "entry", "entries")}: ${where}`;
  },
  PackAborted: (d) => `${d.key}: ${d.reason}`,
  ObjectsAwaited: (d) =>
    `restore ${d.job}: ${counted(d.objects.length, "object")}: ${keys(d.objects)}`,
  WarmUpPlanned: (d) =>
    `restore ${d.job}: ${counted(d.objects.length, "object")}, ${d.tier}` +
    (d.days === undefined ? "" : `, ${counted(d.days, "day")}`) +
    (d.cost === undefined ? "" : `, $${d.cost} more`) + `: ${keys(d.objects)}`,
  WarmUpRequested: (d) => {
    const others = (d.others ?? []).map(({ key, answer, reason }) =>
      `${key} ${answer}${reason === undefined ? "" : ` (${reason})`}`
    );
    const all = d.intent === undefined ? [] : [`as planned at ${d.intent}`];
    const first = others.length > 3 ? [...others.slice(0, 3), `… ${others.length}`] : others;
    return `restore ${d.job}: ${[...all, ...first].join(", ")}`;
  },
  ObjectWarm: (d) => {
    const [{ expiry } = {}] = d.objects;
    const until = expiry === undefined ? "" : `, until ${expiry}`;
    return `${counted(d.objects.length, "object")}${until}: ${keys(d.objects)}`;
  },
  RestoredCopyExpired: (d) => `${counted(d.objects.length, "object")}: ${keys(d.objects)}`,
  StorageClassesFound: (d) => {
    const [{ class: storageClass, archive } = { class: "" }] = d.objects;
    return `${counted(d.objects.length, "object")}, ${archive ?? storageClass}: ${keys(d.objects)}`;
  },
  RestoreApproved: (d) =>
    [
      `restore ${d.job}`,
      ...(d.approved === undefined ? [] : [`up to $${d.approved}`]),
      ...(d.tier === undefined ? [] : [d.tier]),
      ...(d.days === undefined ? [] : [counted(d.days, "day")]),
      ...(d.slower === true ? ["slower where refused"] : []),
    ].join(", "),
  RestoreCancelled: (d) => `restore ${d.job}: ${d.reason}`,
  ObjectHealed: (d) => `${sourceText(d.source)}${several(d.objects.map(({ path }) => path))}`,
  BatchJobPlanned: (d) =>
    `${d.operation}${d.job === undefined ? "" : ` ${d.job}`}: ${counted(d.objects, "object")}, ` +
    `${d.algorithm ?? d.tier ?? ""}, ${d.manifest}`,
  BatchJobCreated: (d) => `${d.id}, as planned at ${d.intent}`,
  BatchJobFinished: (d) =>
    `${d.id ?? "no job"}, as planned at ${d.intent}: ${d.status}, ` +
    `${d.succeeded} done, ${d.failed} failed` + (d.reason === undefined ? "" : `: ${d.reason}`),
  DifferencesFound: (d) => {
    const counts = [...Map.groupBy(d.objects, ({ is }) => is)].map(([is, { length }]) =>
      `${length} ${is}`
    );
    return `${counts.join(", ")}: ${keys(d.objects)}`;
  },
  LockSet: (d) =>
    d.seconds === 0 ? "nothing is locked" : lockSettingText({ ...d, ms: d.seconds * 1000 }),
  LockExtended: (d) => {
    const objects = Object.values(d.objects).reduce((sum, count) => sum + count, 0);
    return `${counted(objects, "object")} until ${d.until}, ${d.mode}` +
      (d.failed === undefined ? "" : `, ${d.failed} failed`);
  },
  UploadResumed: (d) =>
    `${d.key}, ${counted(d.parts, "part")} and ${formatSize(BigInt(d.bytes))} there already`,
};

function renames({ source, renames }: EventData["RenamePlanned"]): string {
  const [first] = renames;
  if (first === undefined) return "";
  const more = renames.length > 1 ? ` … ${renames.length}` : "";
  return `${sourceText(source)}${first.way} ${first.from} for ${
    shown(first.path)
  }${more}: ${first.why}`;
}

function deletions({ why, objects }: EventData["DeletionPlanned"]): string {
  return `${counted(objects.length, "object")}, ${why}: ${objects[0]?.key ?? ""}`;
}

function keys(objects: readonly { readonly key: string }[]): string {
  const first = objects[0]?.key ?? "";
  return objects.length > 1 ? `${first} …` : first;
}

function several(paths: readonly JsonPath[]): string {
  const first = shown(paths[0] ?? "");
  return paths.length > 1 ? `${first} … ${paths.length}` : first;
}

function summaryOf(event: AnyEvent): string {
  return (SUMMARIES[event.type] as (data: unknown) => string)(event.data);
}

function observed(folders: readonly ObservedFolder[]): string {
  const entries = folders.flatMap((folder) => folder.entries);
  const counts = new Map<string, number>();
  for (const { change } of entries) counts.set(change, (counts.get(change) ?? 0) + 1);
  const changes = [...counts].map(([change, count]) => `${count} ${change}`).join(", ");
  return `${changes}: ${firstPath(folders[0]?.path, entries[0]?.name, entries.length)}`;
}

function firstPath(folder: JsonPath = "", name: JsonPath = "", count: number): string {
  const path = displayPath(joinPath(textOfJson(folder), textOfJson(name))) || "/";
  return count > 1 ? `${path} …` : path;
}

function lacking(features: Readonly<Record<string, string>>): string {
  const missing = Object.entries(features).filter(([, value]) => value !== "yes");
  return missing.length === 0
    ? "everything works"
    : missing.map(([name, reason]) => `${name}: ${reason}`).join("; ");
}

function totals(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `${name} ${value}`);
}

function failures(count: bigint): string {
  return count === 0n ? "" : `, ${count} failed`;
}

function sourceText(name: string): string {
  return name === "" ? "" : `${name}: `;
}

function shown(path: JsonPath): string {
  return displayPath(textOfJson(path));
}
