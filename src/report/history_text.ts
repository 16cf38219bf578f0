import type { HistoryFact, HistoryItem } from "../core/history/history_item.ts";
import type { Appearance, FieldChange } from "../core/history/history_item.ts";
import type { RunRow } from "../core/index/run_fold.ts";
import { displayPath, jsonOfText, type JsonPath, textOfJson } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { timeText, type ZoneOffset } from "../core/time_text.ts";
import { grouped } from "./count_text.ts";
import type { FactValue, HistoryRecord } from "./records.ts";

/** `history`: who recorded it, above the lines of what that run found and did. */
export function historyRunLine(item: HistoryItem, run: RunRow | undefined): string {
  if (run === undefined) return `run ${item.run}`;
  const cut = run.interrupted ? ", cut off" : "";
  return `${run.command} by ${run.user} on ${run.host}${cut}, run ${item.run.slice(0, 8)}`;
}

export function historyLine(item: HistoryItem, atMs: number, zone: ZoneOffset): string {
  const position = String(item.position).padStart(9);
  return `${position}  ${timeText(atMs, zone)}  ${factText(item)}`;
}

export function historyRecord(item: HistoryItem, run: RunRow | undefined): HistoryRecord {
  const { what, ...details } = item.fact;
  return {
    record: "history",
    position: item.position,
    at: item.at,
    path: jsonOfText(item.path),
    run: item.run,
    command: run?.command ?? null,
    host: run?.host ?? null,
    user: run?.user ?? null,
    what,
    details: details as unknown as { readonly [name: string]: FactValue },
  };
}

function factText({ fact, path }: HistoryItem): string {
  const here = displayPath(path) || "/";
  switch (fact.what) {
    case "seen":
      return `${fact.again ? "seen again" : "first seen"} as ${here}: ${appearanceText(fact.seen)}`;
    case "changed":
      return `changed: ${fieldsText(fact.fields)}`;
    case "unstable":
      return `kept changing while it was read: ${fieldsText(fact.fields)}`;
    case "reverted":
      return `put back as it was by undo${fact.from === null ? "" : `, from ${shown(fact.from)}`}` +
        withFields(fact.fields);
    case "renamed":
      return `renamed from ${shown(fact.from)} to ${here}${evidenceText(fact.evidence)}` +
        withFields(fact.fields);
    case "left":
      return `renamed to ${shown(fact.to)}: what follows is another file of this name`;
    case "moved":
      return `moved with its folder ${shown(fact.folder)} to ${shown(fact.to)}: it is ${here}`;
    case "linked":
      return `seen as ${here}, another name (hard link) of ${shown(fact.from)}`;
    case "unreadable":
      return `could not be read${because(fact.reason)}`;
    case "refused":
      return `the store would not take it${because(fact.reason)}`;
    case "not restored":
      return `could not be restored${fact.to === null ? "" : ` to ${shown(fact.to)}`}` +
        because(fact.reason);
    default:
      return SENTENCES[fact.what] ?? objectText(fact);
  }
}

const SENTENCES: Readonly<Record<string, string>> = {
  unchanged: "seen unchanged",
  reread: "read again: its content is what is stored",
  removed: "removed: it was not there any more",
  settled: "the rename is done in the store, too",
};

/** Of what happened to its objects. */
function objectText(fact: HistoryFact): string {
  switch (fact.what) {
    case "stored":
      return `content stored at ${storedText(fact)}`;
    case "adopted":
      return `content found in the store at ${storedText(fact)}`;
    case "packed":
      return packedText(fact);
    case "unpacked":
      return "its pack was cut off before it: to be stored again";
    case "copied":
      return `content copied within the store from ${fact.from} to ${storedText(fact)}`;
    case "aliased":
      return `its content stays ${fact.key.endsWith("/") ? "below" : "at"} ${fact.key} (alias): ` +
        fact.why;
    case "deleted":
      return `object deleted: ${fact.key}${versionText(fact.version)}, ${WHY[fact.why]}`;
    case "verified":
      return fact.read ? "its object was read and is whole" : "its object is there as recorded";
    case "missing":
      return `its object ${fact.key} is missing: ${fact.reason}`;
    case "damaged":
      return `its object ${fact.key} is damaged: ${fact.reason}`;
    case "discovered":
      return `found in the store at ${fact.key}`;
    default:
      return fact.what;
  }
}

const WHY = {
  renamed: "because the entry has another name",
  removed: "because the entry was removed",
  pruned: "because no kept snapshot needs it",
  deleted: "by `holdfast delete`",
  unknown: "as no log has stored it",
} as const;

function packedText(
  { key, own, bytes, sha256 }: Extract<HistoryFact, { what: "packed" }>,
): string {
  if (sha256 === null) return own ? `stored in the pack ${key}` : "its metadata was recorded";
  const size = bytes === null ? "" : ` (${formatSize(bytes)})`;
  if (own) return `content stored in the pack ${key}${size}`;
  if (bytes === null) return "empty: there is no content";
  return key === null
    ? `content recorded${size}; no pack has it any more`
    : `content was stored already, in the pack ${key}${size}`;
}

function storedText(fact: Extract<HistoryFact, { what: "stored" | "copied" | "adopted" }>): string {
  const { key, class: storageClass, version, bytes, sha256, over } = fact;
  const size = bytes === null ? [] : [formatSize(bytes)];
  const hash = sha256 === null ? [] : [`SHA-256 ${sha256}`];
  const text = [`${key}${versionText(version)}`, storageClass, ...size, ...hash].join(", ");
  return over === null ? text : `${text}; what position ${over} stored is gone`;
}

function versionText(version: string | null): string {
  return version === null ? "" : ` version ${version}`;
}

function appearanceText({ type, bytes, mode, owner, mtime, target }: Appearance): string {
  return [
    type ?? "entry",
    ...(type === "file" && bytes !== null ? [`${grouped(bytes)} B`] : []),
    ...(target === null ? [] : [`-> ${shown(target)}`]),
    ...(mode === null ? [] : [`mode ${mode}`]),
    ...(owner === null ? [] : [`owner ${owner}`]),
    ...(mtime === null ? [] : [`modified ${mtime}`]),
  ].join(", ");
}

function fieldsText(fields: readonly FieldChange[]): string {
  if (fields.length === 0) return "nothing that is kept";
  return fields.map(({ field, before, after }) =>
    field === "attributes" && before === after
      ? "attributes"
      : `${field} ${before || "none"} -> ${after || "none"}`
  ).join(", ");
}

/** A rename changes the change time by itself: no news. */
function withFields(fields: readonly FieldChange[]): string {
  const told = fields.filter(({ field }) => field !== "ctime" && field !== "file id");
  return told.length === 0 ? "" : `; ${fieldsText(told)}`;
}

function evidenceText(evidence: "file id" | "content" | null): string {
  if (evidence === null) return "";
  return evidence === "file id"
    ? " (known by its file id, size and time)"
    : " (known by its content)";
}

function because(reason: string | null): string {
  return reason === null ? "" : `: ${reason}`;
}

function shown(path: JsonPath): string {
  return displayPath(textOfJson(path)) || "/";
}
