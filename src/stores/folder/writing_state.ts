import type { Clock, Random } from "../../ports/environment.ts";
import type { Disk } from "./disk.ts";
import { ifThere } from "./disk_error.ts";
import { folderSync, makeFolder } from "./folder_sync.ts";
import { keyLock } from "./key_lock.ts";
import { createStore, noStore, readFormat } from "./store_format.ts";
import { storeLayout } from "./store_layout.ts";
import { type StoreState, timedName } from "./store_state.ts";
import { ownerName, sweepPending } from "./sweep_pending.ts";
import { sweepUploads } from "./upload_files.ts";
import { versionNumbers } from "./version_numbers.ts";
import type { VersionWriter } from "./write_version.ts";

export interface WritingOptions {
  readonly root: string;
  readonly create: boolean;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
  readonly pid: number;
  readonly isAlive: (pid: number) => boolean;
}

/**
 * Makes a folder ready for writing, once a process: makes the store where that is wanted, marks this
 * process in `pending/` and sweeps what killed ones left.
 */
export async function beginWriting(options: WritingOptions): Promise<VersionWriter> {
  const { disk, clock, random } = options;
  const folders = folderSync(disk);
  const unique = timedName(clock, random);
  const given = storeLayout(options.root);
  const present = await ifThere(disk.readWhole(given.format));
  if (present === undefined && !options.create) throw noStore(options.root);
  const format = present === undefined
    ? await createStore(disk, folders, given, unique)
    : readFormat(present, given.format);
  const layout = storeLayout(await disk.realPath(options.root));
  const pending = `${layout.pending}/${ownerName(options.hostname, options.pid, unique)}`;
  await makeFolder(disk, pending);
  const state: StoreState = {
    disk,
    layout,
    folders,
    clock,
    random,
    links: format.hardLinks,
    pending,
  };
  await sweepPending(state, options);
  await sweepUploads(state);
  return { state, lock: keyLock(), nextVersion: versionNumbers(state) };
}
