import type { WaitingFiles } from "../ports/waiting_files.ts";
import { unpackStat } from "../core/stat_record.ts";
import { type Contents, objectsOf } from "./cold_objects.ts";
import type { FileItem } from "./restore_file.ts";

/** The files of a restore that wait for archived objects. Most restores have none, and make no table. */
export interface RestoreWaiting {
  has(item: FileItem): boolean;
  /** Waits for these objects. */
  add(item: FileItem, objects: ReturnType<typeof objectsOf>): void;
  /** It waits no more. */
  remove(item: FileItem): void;
  /**
   * Its objects are to be looked at again. False where that was said too often: the store calls them
   * warm, and refuses them.
   */
  putBack(item: FileItem): boolean;
  /** undefined as long as nothing has waited. */
  readonly files: WaitingFiles | undefined;
  close(): void;
}

/** Looks at a file's objects that were found warm and refused, one after the other. */
const DOUBTS = 3;

export function restoreWaiting(make: () => WaitingFiles, contents: Contents): RestoreWaiting {
  let files: WaitingFiles | undefined;

  function add({ row }: FileItem, objects: ReturnType<typeof objectsOf>): void {
    files ??= make();
    const bytes = Number(unpackStat(row.stat).size);
    files.add({ folder: row.folder, name: row.name, bytes }, objects);
  }

  return {
    add,
    has: ({ row }) => files?.has(row.folder, row.name) ?? false,
    remove: ({ row }) => files?.remove(row.folder, row.name),
    putBack(item) {
      const { folder, name } = item.row;
      if (files?.has(folder, name)) return files.doubt(folder, name) <= DOUBTS;
      const objects = objectsOf(contents, item);
      if (objects.length === 0) return false;
      add(item, objects);
      return true;
    },
    get files() {
      return files;
    },
    close: () => files?.close(),
  };
}
