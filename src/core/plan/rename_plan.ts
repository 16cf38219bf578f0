import { isArchive } from "../mirror/storage_class.ts";

/** How moved entries are settled in the store: as the object asks for, or always one way. */
export const RENAME_MODES = ["auto", "copy", "alias"] as const;
export type RenameMode = (typeof RENAME_MODES)[number];

/** How those are settled whose objects would have to be warmed up for a copy. */
export const ARCHIVED_RENAMES = ["alias", "copy", "upload"] as const;
export type ArchivedRenames = (typeof ARCHIVED_RENAMES)[number];

export interface RenameFacts {
  readonly mode: RenameMode;
  readonly archived: ArchivedRenames;
  /** The store keeps versions (or locks objects): what is deleted is still paid for. */
  readonly versions: boolean;
  /** Of the object; null for STANDARD. */
  readonly storageClass: string | null;
  /**
   * A copy was refused because the object is archived, whatever its class says: it is in an archive
   * tier of Intelligent-Tiering, or a lifecycle rule has moved it.
   */
  readonly isFoundArchived?: boolean;
  /** The store can hold an object under the key of the new path. */
  readonly takesKey: boolean;
  /** Another name of the same file has the object as its own: it was linked, not moved. */
  readonly isShared?: boolean;
}

/**
 * "copy" and delete; "alias": the content stays under its old key; "upload": the source is sent once
 * more, and the old object deleted; "warm-up": as "copy", once the object is warm.
 */
export type RenameWay = "copy" | "alias" | "upload" | "warm-up";

export interface RenameDecision {
  readonly way: RenameWay;
  /** In a sentence, for the plan and the log. */
  readonly why: string;
}

/** What a decision needs to know of one object. */
export type MovedObject = Pick<RenameFacts, "storageClass" | "takesKey" | "isFoundArchived">;

/** By its class alone; null for STANDARD. */
export function isArchived(storageClass: string | null): boolean {
  return storageClass !== null && isArchive(storageClass);
}

/** Whether an object must be restored before it can be copied (AWS: CopyObject). */
function isToBeRestored(
  { storageClass, isFoundArchived }: Pick<MovedObject, "storageClass" | "isFoundArchived">,
): boolean {
  return isFoundArchived === true || isArchived(storageClass);
}

/** Why an object stays whose copy was refused because it is archived. */
export const FOUND_ARCHIVED = "the object is archived, and must be restored before a copy";

/** Copy and delete, or leave the content under its key (DESIGN section 3, rename). */
export function decideRename(facts: RenameFacts): RenameDecision {
  const { mode, versions, storageClass, takesKey } = facts;
  if (!takesKey) return { way: "alias", why: "the store cannot hold the key of the new path" };
  if (isToBeRestored(facts)) return decideArchived(facts);
  if (mode !== "auto") return { way: mode, why: `renames = "${mode}"` };
  if (storageClass !== null) return { way: "alias", why: whyInClass(storageClass) };
  if (versions) return { way: "alias", why: "the store keeps versions: a copy is stored twice" };
  return { way: "copy", why: "other tools see the new name, and a copy sends no byte" };
}

function whyInClass(storageClass: string): string {
  return storageClass === "INTELLIGENT_TIERING"
    ? `a copy in ${storageClass} begins again in its dearest tier`
    : `a copy in ${storageClass} costs retrieval and a minimum duration`;
}

/** `renames = "alias"` goes for these, too. */
function decideArchived(facts: RenameFacts): RenameDecision {
  const { mode, archived, storageClass } = facts;
  if (archived === "alias" || mode === "alias") {
    const why = `an object in ${storageClass} must be restored before a copy`;
    return { way: "alias", why: isArchived(storageClass) ? why : FOUND_ARCHIVED };
  }
  if (facts.isShared === true) {
    return { way: "alias", why: "another name of the file has the same object" };
  }
  const why = `archived_renames = "${archived}"`;
  return archived === "upload" ? { way: "upload", why } : { way: "warm-up", why };
}

/**
 * A moved folder is one decision: one object in it that must not leave its key makes all of it an
 * alias. Where its archived objects are to move, the others go along, also where a copy would be
 * stored twice.
 */
export function decideFolder(
  facts: Omit<RenameFacts, keyof MovedObject>,
  objects: Iterable<MovedObject>,
): RenameDecision {
  const others = decideRename({ ...facts, storageClass: null, takesKey: true });
  // No object changes that.
  if (others.way === "alias" && facts.archived === "alias") return others;
  let archived: RenameDecision | undefined;
  for (const object of objects) {
    const decision = decideRename({ ...facts, ...object, versions: false });
    if (decision.way === "alias") return decision;
    if (isToBeRestored(object)) archived = decision;
  }
  return archived ?? others;
}

/** What becomes of one object of a moved folder, or of a moved file itself. */
export function wayOfObject(
  way: RenameWay,
  object: Pick<MovedObject, "storageClass" | "isFoundArchived">,
): RenameWay {
  if (isToBeRestored(object) || way === "alias") return way;
  return "copy";
}
