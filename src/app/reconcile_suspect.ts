import { joinPath, textOfBytes } from "../core/path_text.ts";
import type { ExpectedObject, FoundObject } from "../ports/work_tables.ts";
import { type Finding, segmentHint } from "./check_findings.ts";
import { type PackFaults, tellFault } from "./check_packs.ts";
import type { ReconcileContext } from "./reconcile_context.ts";

/** What is expected, where the listing shows nothing or something else. */
export interface Suspect {
  readonly row: ExpectedObject;
  readonly object: FoundObject | undefined;
}

/** Where the store had an object when it was last looked at. */
export function knownClass({ log }: Pick<ReconcileContext, "log">, row: ExpectedObject): string {
  const { key, version, storageClass } = row;
  if (!log.index.tables.hasObjectStates()) return storageClass;
  const found = log.index.restores.foundClass({ key, version: version ?? "" });
  return found?.storageClass ?? storageClass;
}

/** Asks the store itself: the version that was stored, where one is known. */
export async function judgeSuspect(
  context: ReconcileContext,
  { row, object }: Suspect,
  faults: PackFaults,
): Promise<void> {
  const { store, found } = context;
  const { key, version } = row;
  const head = await store.head(key, version === null ? {} : { versionId: version });
  if (head === undefined) {
    const what = version === null ? `no object ${key}` : `no version ${version} of ${key}`;
    return tellLoss(context, row, faults, { kind: "missing", reason: `missing: ${what}` });
  }
  if (!isSame(row, head)) {
    return tellLoss(context, row, faults, { kind: "damaged", reason: differs(row, head) });
  }
  if (head.storageClass !== knownClass(context, row)) found.classFound(row, head);
  if (version === null) return;
  const now = context.by === "list" ? object : await store.head(key);
  const isCurrent = now !== undefined && now.etag === row.etag;
  const place = isCurrent ? undefined : placeOf(context, row);
  if (place !== undefined) found.newerThere({ key, ...place }, now);
}

export function isSame(
  { size, etag }: ExpectedObject,
  object: Pick<FoundObject, "size" | "etag">,
): boolean {
  return (size === undefined || size === object.size) && (etag === null || etag === object.etag);
}

function differs(
  { key, size, etag }: ExpectedObject,
  object: Pick<FoundObject, "size" | "etag">,
): string {
  const what = size === undefined || size === object.size
    ? `another content, ETag ${object.etag}, not ${etag}`
    : `${object.size} bytes, not ${size}`;
  return `damaged: ${key} holds ${what}`;
}

function tellLoss(
  context: ReconcileContext,
  row: ExpectedObject,
  faults: PackFaults,
  loss: Pick<Finding, "kind" | "reason">,
): void {
  const { found, log } = context;
  const { key, id } = row;
  const bare = { source: "", path: "", key };
  switch (row.kind) {
    case "pack":
      return tellFault(context, faults, {
        ...{ ...loss, row: log.index.packs.pack(id)!, contents: undefined },
      });
    case "pack index": {
      const reason = `missing: the index of the pack ${log.index.packs.pack(id)!.pack}`;
      const hint = "`holdfast check --repair` writes it again";
      return found.add({ ...bare, kind: "missing", reason, hint });
    }
    case "segment":
      return found.add({
        ...bare,
        kind: "missing",
        reason: `missing: the log from event ${id} on`,
        hint: segmentHint(log, id),
      });
    case "renames": {
      const reason = `missing: the record of renames from event ${id} on`;
      return found.add({ ...bare, kind: "missing", reason });
    }
    default: {
      const place = placeOf(context, row);
      if (place !== undefined) found.add({ ...loss, ...place, key });
    }
  }
}

/** Whose content it is; undefined where it is nobody's any more. */
function placeOf({ log: { index } }: ReconcileContext, { kind, id, name }: ExpectedObject) {
  if (kind === "entry") {
    const row = index.tables.findEntry(id, name);
    if (row === undefined) return undefined;
    const { source, path } = index.paths.pathOf(id);
    return { source, path: joinPath(path, textOfBytes(name)), stored: row.content.stored };
  }
  if (kind !== "folder") return undefined;
  const row = index.tables.folderById(id);
  return row && { ...index.paths.pathOf(id), stored: row.content.stored };
}
