/**
 * A store in a folder of the local file system, with the meaning of a versioned bucket (DESIGN
 * section 8, docs/stores.md). Everything is in `<root>/.holdfast-store`; the files at the keys' paths
 * are hard links for other tools.
 */
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Clock, Random } from "../../ports/environment.ts";
import type { ObjectStore } from "../../ports/object_store.ts";
import { archiveSimulation } from "./archive_simulation.ts";
import { type Disk, localDisk } from "./disk.ts";
import { diskError, hasCode } from "./disk_error.ts";
import { folderReads } from "./folder_reads.ts";
import { folderWrites } from "./folder_writes.ts";
import { limits, refusesKey } from "./key_rules.ts";
import { featuresOf } from "./store_features.ts";
import { noStore, readFormat, type StoreFormat } from "./store_format.ts";
import { type StoreLayout, storeLayout } from "./store_layout.ts";
import type { VersionWriter } from "./write_version.ts";
import { beginWriting } from "./writing_state.ts";

export interface FolderStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
  readonly pid: number;
  /** Makes the store with the first write where there is none: for `init` only. */
  readonly create?: boolean;
  /** The file system; the local one by default. */
  readonly disk?: Disk;
  /** Simulates archive classes: milliseconds in which the Standard tier warms an object up. */
  readonly warmUp?: number;
}

/**
 * Opens the store in the folder `root`; makes and changes nothing before the first write. Throws
 * kind "no-repository" where there is no store and `create` is not set.
 */
export function openFolderStore(root: string, options: FolderStoreOptions): ObjectStore {
  const disk = options.disk ?? localDisk;
  const layout = storeLayout(resolve(root));
  const create = options.create === true;
  const simulation = options.warmUp === undefined
    ? undefined
    : archiveSimulation(disk, layout, options.clock, options.warmUp);
  const format = presentFormat(layout, create);
  let begun: VersionWriter | undefined;
  let beginning: Promise<VersionWriter> | undefined;

  const begin = async (): Promise<VersionWriter> => {
    try {
      begun = await beginWriting({ ...options, create, root: layout.root, disk, isAlive });
      return begun;
    } catch (error) {
      beginning = undefined;
      throw error;
    }
  };

  return {
    kind: "folder",
    url: pathToFileURL(layout.root).href,
    get features() {
      return featuresOf(begun?.state.links ?? format?.hardLinks ?? true);
    },
    limits,
    refusesKey,
    ...folderReads(disk, layout, () => format !== undefined || begun !== undefined, simulation),
    ...folderWrites(disk, layout, () => beginning ??= begin(), simulation),
    close: () => removePending(begun?.state.pending),
  };
}

/** Removes this process's folder of marks; one with marks in it is for a later process to sweep. */
function removePending(pending: string | undefined): void {
  try {
    if (pending !== undefined) Deno.removeSync(pending);
  } catch {
    return;
  }
}

function presentFormat(layout: StoreLayout, create: boolean): StoreFormat | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(layout.format);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw diskError(error, "open", layout.root);
    if (create) return undefined;
    throw noStore(layout.root);
  }
  return readFormat(bytes, layout.format);
}

/** Whether a process of this host runs (kill(2) with signal 0); one of another user does. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
}
