import { HoldfastError } from "../core/error.ts";
import { openLocalSource } from "../sources/local/local_source.ts";

const NETWORK = new Set([
  "nfs",
  "nfs4",
  "cifs",
  "smb3",
  "smbfs",
  "ceph",
  "lustre",
  "9p",
  "fuse.sshfs",
]);

/**
 * Refuses a database on a network file system: SQLite's locks and its shared memory do not work
 * there (https://www.sqlite.org/wal.html). Where the system does not tell, nothing is refused.
 */
export function refuseNetworkFolder(folder: string): void {
  const root = openLocalSource(folder).open();
  const [type] = root.folder.fileSystem.split(":");
  root.close();
  if (!NETWORK.has(type)) return;
  throw new HoldfastError(
    "usage",
    `the state folder ${folder} is on a network file system (${type})`,
    {
      context: { folder },
      hint: "name a place on a local disk with --state FILE",
    },
  );
}
