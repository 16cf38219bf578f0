import { judgeChecksum, type KnownChecksum } from "../core/batch/computed_checksum.ts";
import { reportedKeys } from "../core/batch/manifest.ts";
import { reasonTally } from "../core/batch/reason_tally.ts";
import type { ReportRow } from "../core/batch/report_rows.ts";
import { objectName } from "../core/cold/object_name.ts";
import type { Notes } from "../ports/work_tables.ts";
import type { ObjectOwner } from "./archived_objects.ts";
import type { CheckContext } from "./check_context.ts";
import { type PackFaults, tellFault } from "./check_packs.ts";
import { verifiedObjects } from "./verified_objects.ts";

/** An object whose checksum the log knows; several entries may have one. */
export interface KnownObject extends KnownChecksum {
  readonly owners: ObjectOwner[];
  /** A report has named it. */
  readonly seen?: true;
}

export interface Compared {
  readonly compared: number;
  /** Of what the log knows, named in a report. */
  readonly seen: number;
  /** Named in a report, and not compared: how many, by reason. */
  readonly unknown: ReadonlyMap<string, number>;
}

export interface ChecksumComparer {
  /** What it finds is told, and goes into the log. */
  compare(rows: AsyncIterable<ReportRow>): Promise<void>;
  counts(): Compared;
}

/** Compares what reports say with what the log knows: `known`, by object names. */
export function checksumComparer(
  context: CheckContext,
  { faults, known, keyPrefix }: {
    readonly faults: PackFaults;
    readonly known: Notes;
    readonly keyPrefix: string;
  },
): ChecksumComparer {
  const verified = verifiedObjects(context);
  const unknown = reasonTally();
  let [compared, seen] = [0, 0];

  function placeOf({ key: text, version }: ReportRow) {
    for (const whole of reportedKeys(text)) {
      if (!whole.startsWith(keyPrefix)) continue;
      const key = whole.slice(keyPrefix.length);
      const name = objectName({ key, version });
      const found = knownObject(known, name);
      if (found !== undefined) return { key, name, found };
    }
    return undefined;
  }

  async function judge(row: ReportRow): Promise<void> {
    const place = placeOf(row);
    if (place === undefined) return;
    const { key, name, found } = place;
    if (found.seen !== true) seen++;
    known.set(name, JSON.stringify({ ...found, seen: true }));
    const verdict = judgeChecksum(row, found);
    if (verdict.kind === "unknown") return unknown.add(verdict.code, verdict.reason);
    if (verdict.kind === "gone") {
      const head = await context.store.head(key, version(row));
      const there = "AWS has not found it, and it is there";
      if (head !== undefined) return unknown.add("there", there);
      return lose(found, "missing", key, `missing: no object ${key}`);
    }
    compared++;
    if (verdict.kind === "equal") { for (const owner of found.owners) verified.add(owner); }
    else lose(found, "damaged", key, `damaged: ${key}: ${verdict.reason}`);
  }

  function lose(
    { owners }: KnownObject,
    kind: "missing" | "damaged",
    key: string,
    reason: string,
  ): void {
    for (const owner of owners) {
      if ("pack" in owner) {
        const row = context.log.index.packs.pack(owner.pack)!;
        // Told already by the comparison with the LIST.
        if (!faults.has(row.id)) {
          tellFault(context, faults, { row, kind, reason, contents: undefined });
        }
      } else context.found.add({ kind, ...owner, key, reason });
    }
  }

  return {
    async compare(rows) {
      for await (const row of rows) {
        context.signal.throwIfAborted();
        await judge(row);
      }
      verified.flush();
      context.found.flush();
    },
    counts: () => ({ compared, seen, unknown: unknown.counts() }),
  };
}

export function knownObject(known: Notes, name: string): KnownObject | undefined {
  const text = known.get(name);
  return text === undefined ? undefined : JSON.parse(text);
}

function version({ version: versionId }: ReportRow) {
  return versionId === "" ? {} : { versionId };
}
