import type { RebuildOrigins } from "../core/event/rebuild_origins.ts";
import { counted, grouped } from "./count_text.ts";

export interface RebuildOutcome {
  readonly origins: RebuildOrigins;
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
}

/** What a rebuilt index came from, and what could not be had back. */
export function rebuildLines({ origins, missing, unknown }: RebuildOutcome): string[] {
  return [
    ...originLines(origins).map((line) => `from ${line}`),
    ...listed("missing", missing),
    ...listed("unknown", unknown),
  ];
}

const entries = (count: number) => counted(count, "entry", "entries");

function originLines(
  { segments, checkpoint, metadata, packIndexes, renames }: RebuildOrigins,
): string[] {
  return [
    ...(checkpoint === undefined
      ? []
      : [`the checkpoint at position ${checkpoint.position}: ${entries(checkpoint.entries)}`]),
    `${counted(segments.objects, "log segment")}: ${counted(segments.events, "event")}`,
    ...(metadata === undefined
      ? []
      : [`the metadata of ${counted(metadata.objects, "object")}: ${entries(metadata.entries)}`]),
    ...(packIndexes === undefined ? [] : [
      `${counted(packIndexes.objects, "pack index", "pack indexes")}: ` +
      entries(packIndexes.entries),
    ]),
    ...(renames === undefined ? [] : [
      `${counted(renames.objects, "renames object")} with ${counted(renames.records, "record")}: ` +
      entries(renames.entries),
    ]),
  ];
}

function listed(name: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return [`${name}: nothing`];
  return [`${name} (${grouped(texts.length)}):`, ...texts.map((text) => `  ${text}`)];
}
