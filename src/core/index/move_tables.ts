import type { FolderPaths } from "./folder_paths.ts";
import type { ObjectKeys } from "./object_keys.ts";
import type { IndexTables } from "./rows.ts";

/** The index's tables with the paths and object keys that follow from them. */
export interface MoveTables {
  readonly tables: IndexTables;
  readonly paths: FolderPaths;
  readonly keys: ObjectKeys;
}
