/** How moved entries are settled in the store: as the object asks for, or always one way. */
export const RENAME_MODES = ["auto", "copy", "alias"] as const;
export type RenameMode = (typeof RENAME_MODES)[number];

export interface RenameFacts {
  readonly mode: RenameMode;
  /** The store keeps versions (or locks objects): what is deleted is still paid for. */
  readonly versions: boolean;
  /** Of the object; null for STANDARD. */
  readonly storageClass: string | null;
  /** The store can hold an object under the key of the new path. */
  readonly takesKey: boolean;
}

export interface RenameDecision {
  readonly way: "copy" | "alias";
  /** In a sentence, for the plan and the log. */
  readonly why: string;
}

/** AWS: objects in these classes must be restored before they can be copied. */
const ARCHIVED = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/** Copy and delete, or leave the content under its key (DESIGN section 3, rename). */
export function decideRename(facts: RenameFacts): RenameDecision {
  const { mode, versions, storageClass, takesKey } = facts;
  if (!takesKey) return { way: "alias", why: "the store cannot hold the key of the new path" };
  if (storageClass !== null && ARCHIVED.has(storageClass)) {
    return { way: "alias", why: `an object in ${storageClass} must be restored before a copy` };
  }
  if (mode !== "auto") return { way: mode, why: `renames = "${mode}"` };
  if (storageClass !== null) {
    return {
      way: "alias",
      why: `a copy in ${storageClass} costs retrieval and a minimum duration`,
    };
  }
  if (versions) return { way: "alias", why: "the store keeps versions: a copy is stored twice" };
  return { way: "copy", why: "other tools see the new name, and a copy sends no byte" };
}
