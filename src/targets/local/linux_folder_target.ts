import { type PathText, textOfBytes } from "../../core/path_text.ts";
import { type EntryStat, FOLDER_CODE, unpackStat } from "../../core/stat_record.ts";
import { placeOfHandle } from "../../libc/attributes.ts";
import { EEXIST, EINTR, entryError } from "../../libc/errno.ts";
import type { Libc } from "../../libc/libc.ts";
import { openOne } from "../../libc/open_beneath.ts";
import { O_DIRECTORY, OPEN_HANDLE } from "../../libc/open_flags.ts";
import { nameBuffer, readNames } from "../../libc/read_names.ts";
import { recordOf, statHandle, statName, statxBuffer, typeCodeOf } from "../../libc/statx.ts";
import type { Attribute } from "../../ports/source.ts";
import { withDosAttribute } from "./dos_attribute.ts";
import { callsOnHandle, dropOthers, setMetadata } from "./linux_metadata.ts";
import type { Place, TargetFolders } from "./target_folders.ts";
import { isTempName } from "../../core/temp_name.ts";

const stat = statxBuffer();
const OWNER_RIGHTS = 0o700;

/** Makes the folder, or takes the one that is there. Throws kind "entry" where it is none. */
export function makeLinuxFolder(libc: Libc, place: Place, path: PathText): void {
  const { folder, name } = place;
  if (libc.call.mkdirat(folder.fd, name, OWNER_RIGHTS) === 0) return;
  const errno = libc.errno();
  if (errno !== EEXIST) throw entryError("make the folder", path, errno);
  const fd = openOne(libc, folder.fd, name, OPEN_HANDLE | O_DIRECTORY);
  if (fd < 0) throw entryError("use what is there as the folder", path, -fd);
  // A restore that was broken off may have finished this folder read-only already.
  if (statHandle(libc, fd, stat)) {
    const { mode } = unpackStat(recordOf(stat.words));
    if ((mode & OWNER_RIGHTS) !== OWNER_RIGHTS) {
      libc.call.chmod(placeOfHandle(fd), mode | OWNER_RIGHTS);
    }
  }
  libc.call.close(fd);
}

/** Sets the final metadata of the open folder; attributes that the backup lacks are taken away. */
export function finishLinuxFolder(
  libc: Libc,
  fd: number,
  wanted: EntryStat,
  attributes: readonly Attribute[],
): string[] {
  const problems: string[] = [];
  const all = withDosAttribute(wanted, attributes);
  dropOthers(libc, fd, all, problems);
  problems.push(...setMetadata(libc, callsOnHandle(libc, fd), wanted, all));
  return problems;
}

/** Removes what a killed restore left in the folder. Throws kind "entry". */
export function sweepLinuxFolder(libc: Libc, folders: TargetFolders, path: PathText): void {
  // A fresh handle: the position of one that is used again would be behind what is to be read.
  folders.forget(path);
  const { fd } = folders.open(path);
  libc.call.lseek(fd, 0n, 0);
  const names = nameBuffer();
  const errno = readNames(libc, fd, names);
  if (errno !== 0) throw entryError("read the folder", path, errno);
  for (let i = 0; i < names.count; i++) {
    const name = names.bytes.slice(names.starts[i], names.starts[i + 1]);
    if (!isTempName(textOfBytes(name.subarray(0, -1)))) continue;
    if (!statName(libc, fd, name, stat) || typeCodeOf(stat.words) === FOLDER_CODE) continue;
    if (libc.call.unlinkat(fd, name, 0) < 0) {
      const failed = libc.errno();
      if (failed !== EINTR) throw entryError("sweep", path, failed);
    }
  }
}
