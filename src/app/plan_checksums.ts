import type { ChecksumAlgorithm } from "../core/batch/batch_job.ts";
import { objectName } from "../core/cold/object_name.ts";
import type { Notes } from "../ports/work_tables.ts";
import { type ChecksumObject, checksumObjects } from "./archived_objects.ts";
import type { CheckContext } from "./check_context.ts";
import { knownObject } from "./compare_checksums.ts";

/** Objects that one job computes the checksums of: by one algorithm, all with versions or none. */
export interface ChecksumGroup {
  readonly algorithm: ChecksumAlgorithm;
  readonly versions: boolean;
  readonly objects: number;
  /** As stored. */
  readonly bytes: number;
}

export interface ArchivedObjects {
  /** Of those whose checksum the log knows; none that is empty. */
  readonly groups: readonly ChecksumGroup[];
  /** Objects that nothing can be compared of. */
  readonly incomparable: number;
  /** Objects in INTELLIGENT_TIERING, which are no part of it: LIST does not tell what is archived. */
  readonly tiering: number;
}

/** Notes what is known of each object; several entries may have one. */
export async function planChecksums(
  context: CheckContext,
  known: Notes,
  { all }: { readonly all: boolean },
): Promise<ArchivedObjects> {
  const groups = new Map<string, ChecksumGroup>();
  let [incomparable, tiering] = [0, 0];
  for (const object of checksumObjects(context, { all })) {
    const pause = context.breathe();
    if (pause !== undefined) await pause;
    if (object.isTiering && !all) tiering++;
    else if (object.known === undefined) incomparable++;
    else note(object, object.known);
  }

  function note(object: ChecksumObject, { algorithm, hex }: NonNullable<ChecksumObject["known"]>) {
    const name = objectName(object);
    const before = knownObject(known, name);
    const owners = [...(before?.owners ?? []), object.owner];
    known.set(name, JSON.stringify({ algorithm, hex, etag: object.etag, owners }));
    if (before !== undefined) return;
    const versions = object.version !== "";
    const group = `${algorithm} ${versions}`;
    const { objects, bytes } = groups.get(group) ?? { objects: 0, bytes: 0 };
    groups.set(group, {
      ...{ algorithm, versions, objects: objects + 1, bytes: bytes + object.bytes },
    });
  }

  return { groups: [...groups.values()], incomparable, tiering };
}

/** The objects of a group, each once: for the first that has it. */
export function* objectsOfGroup(
  context: CheckContext,
  known: Notes,
  { algorithm, versions }: Pick<ChecksumGroup, "algorithm" | "versions">,
): Generator<ChecksumObject> {
  for (const object of checksumObjects(context, { all: false })) {
    if (object.isTiering || object.known?.algorithm !== algorithm) continue;
    if ((object.version !== "") !== versions) continue;
    const [owner] = knownObject(known, objectName(object))?.owners ?? [];
    if (JSON.stringify(owner) === JSON.stringify(object.owner)) yield object;
  }
}
