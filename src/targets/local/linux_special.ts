import { HoldfastError } from "../../core/error.ts";
import { displayPath, type PathText } from "../../core/path_text.ts";
import { type EntryStat, typeCode } from "../../core/stat_record.ts";
import { placeOfHandle } from "../../libc/attributes.ts";
import { cString, EMPTY } from "../../libc/c_string.ts";
import { entryError } from "../../libc/errno.ts";
import type { Libc } from "../../libc/libc.ts";
import { openOne } from "../../libc/open_beneath.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  OPEN_HANDLE,
} from "../../libc/open_flags.ts";
import { statHandle, statxBuffer, typeCodeOf } from "../../libc/statx.ts";
import type { Attribute } from "../../ports/source.ts";
import { type MetadataCalls, setMetadata } from "./linux_metadata.ts";
import type { Place } from "./target_folders.ts";

const stat = statxBuffer();

/** Makes the symlink with all its metadata. Throws kind "entry". Returns what could not be kept. */
export function makeLinuxSymlink(
  libc: Libc,
  place: Place,
  path: PathText,
  target: PathText,
  wanted: EntryStat,
  attributes: readonly Attribute[],
): string[] {
  const { folder, name } = place;
  if (libc.call.symlinkat(cString(target), folder.fd, name) < 0) {
    throw entryError("make the symlink", path, libc.errno());
  }
  const inFolder = cFileIn(folder.fd, name);
  return withHandle(libc, place, path, wanted, (fd) =>
    setMetadata(
      libc,
      {
        chown: (uid, gid) => libc.call.fchownat(fd, EMPTY, uid, gid, AT_EMPTY_PATH),
        chmod: () => 0,
        setAttribute: (attribute, value, size) =>
          libc.call.lsetxattr(inFolder, attribute, value, size, 0),
        setTimes: (times) => libc.call.utimensat(folder.fd, name, times, AT_SYMLINK_NOFOLLOW),
      },
      wanted,
      attributes,
    ));
}

/** Makes the device or FIFO with all its metadata. Throws kind "entry". */
export function makeLinuxSpecial(
  libc: Libc,
  place: Place,
  path: PathText,
  wanted: EntryStat,
  attributes: readonly Attribute[],
): string[] {
  const { folder, name } = place;
  if (libc.call.mknodat(folder.fd, name, kindBits(wanted) | 0o600, deviceNumber(wanted)) < 0) {
    throw entryError(`make the ${wanted.type}`, path, libc.errno());
  }
  return withHandle(
    libc,
    place,
    path,
    wanted,
    (fd) => setMetadata(libc, callsByProc(libc, fd), wanted, attributes),
  );
}

/** An O_PATH handle refuses fchmod and the like; its place in /proc is the same inode. */
function callsByProc(libc: Libc, fd: number): MetadataCalls {
  const itself = placeOfHandle(fd);
  return {
    chown: (uid, gid) => libc.call.fchownat(fd, EMPTY, uid, gid, AT_EMPTY_PATH),
    chmod: (mode) => libc.call.chmod(itself, mode),
    setAttribute: (name, value, size) => libc.call.setxattr(itself, name, value, size, 0),
    setTimes: (times) => libc.call.utimensat(AT_FDCWD, itself, times, 0),
  };
}

/** Somebody may have exchanged the new entry for another meanwhile: its owner must not be changed. */
function withHandle(
  libc: Libc,
  place: Place,
  path: PathText,
  wanted: EntryStat,
  use: (fd: number) => string[],
): string[] {
  const fd = openOne(libc, place.folder.fd, place.name, OPEN_HANDLE);
  if (fd < 0) throw entryError("open", path, -fd);
  try {
    if (statHandle(libc, fd, stat) && typeCodeOf(stat.words) === typeCode(wanted.type)) {
      return use(fd);
    }
    throw new HoldfastError("entry", `was replaced while it was restored: ${displayPath(path)}`, {
      context: { path: displayPath(path) },
      hint: "look who writes to the target, then run again",
    });
  } finally {
    libc.call.close(fd);
  }
}

function kindBits(wanted: EntryStat): number {
  if (wanted.type === "fifo") return 0o010000;
  return wanted.type === "char" ? 0o020000 : 0o060000;
}

/** gnu_dev_makedev(3): major and minor as the C library packs them. */
function deviceNumber(wanted: EntryStat): bigint {
  const major = wanted.rdev >> 32n;
  const minor = wanted.rdev & 0xffff_ffffn;
  return (major & 0xffff_f000n) << 32n | (major & 0xfffn) << 8n |
    (minor & 0xffff_ff00n) << 12n | (minor & 0xffn);
}

function cFileIn(folder: number, name: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = cString(`/proc/self/fd/${folder}/`);
  const whole = new Uint8Array(start.length - 1 + name.length);
  whole.set(start);
  whole.set(name, start.length - 1);
  return whole;
}
