import type { Libc } from "../../libc/libc.ts";
import { deviceText, hasBirthTime, type StatxBuffer } from "../../libc/statx.ts";

/** What a file system is called, and how far its time stamps can be trusted. */
export interface FileSystem {
  /** The same over reboots where the file system has an id of its own, else as said below. */
  readonly identity: string;
  /** ns below which a change may leave the time stamps as they were (DESIGN section 5, racy). */
  readonly racyWindow: bigint;
}

export const LOCAL_WINDOW = 20_000_000n;
export const COARSE_WINDOW = 2_000_000_000n;
export const NETWORK_WINDOW = 3_000_000_000n;

/** f_type of statfs(2). */
const EXT = 0xef53, XFS = 0x58465342;
/** Those whose f_fsid is made from their UUID (btrfs: and from the subvolume), stable for ever. */
const stableIds: Readonly<Record<number, string>> = {
  [EXT]: "ext4",
  0x9123683e: "btrfs",
  0x2fc12fc1: "zfs",
  0xca451a4e: "bcachefs",
};
/** msdos/vfat, exfat, hfs, hfs+, minix: seconds or two of them. */
const coarse = new Set([0x4d44, 0x2011bab0, 0x4244, 0x482b, 0x137f, 0x2468]);
/** nfs, smb, cifs, smb2, fuse, 9p, ceph, afs (2), coda, lustre, vboxsf: another clock may stamp. */
const network = new Set([
  0x6969,
  0x517b,
  0xff534d42,
  0xfe534d42,
  0x65735546,
  0x01021997,
  0x00c36400,
  0x5346414f,
  0x6b414653,
  0x73757245,
  0x0bd00bd0,
  0x786f4256,
]);
/** Those of the network that a mount's source names fully: server and export. */
const remoteTypes = new Set(["nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre"]);

/**
 * The file system of the open folder `fd`, whose statx is in `stat`. Its identity, by what there is:
 * 1. ext, btrfs, zfs, bcachefs: f_fsid ("ext4:8712f817aade458d"); xfs, whose f_fsid is only a device
 *    number: its UUID.
 * 2. NFS, SMB, Ceph, Lustre: what is mounted ("nfs4:server:/export").
 * 3. other disks: the UUID that udev found ("vfat:A1B2-C3D4").
 * 4. all others (tmpfs, overlay, FUSE): type, source and mount point ("tmpfs:tmpfs:/dev/shm"): they
 *    have no id that lasts, so another of the same type mounted there passes for the same.
 */
export function identifyFileSystem(
  libc: Libc,
  fd: number,
  device: number,
  stat: StatxBuffer,
): FileSystem {
  const buffer = new Uint8Array(256);
  const view = new DataView(buffer.buffer);
  const known = libc.call.fstatfs(fd, buffer) === 0;
  const magic = known ? view.getUint32(0, true) : 0;
  const fsid = known ? view.getBigUint64(56, true) : 0n;
  return {
    identity: stableIdentity(libc, fd, magic, fsid) ?? mountIdentity(device),
    racyWindow: windowOf(magic, stat),
  };
}

function windowOf(magic: number, stat: StatxBuffer): bigint {
  if (network.has(magic)) return NETWORK_WINDOW;
  // ext with inodes of 128 bytes keeps whole seconds, and no birth time to know it by.
  if (coarse.has(magic) || (magic === EXT && !hasBirthTime(stat.words))) return COARSE_WINDOW;
  return LOCAL_WINDOW;
}

function stableIdentity(libc: Libc, fd: number, magic: number, fsid: bigint): string | undefined {
  const type = stableIds[magic];
  if (type !== undefined && fsid !== 0n) return `${type}:${fsid.toString(16).padStart(16, "0")}`;
  if (magic !== XFS) return undefined;
  // XFS_IOC_FSGEOMETRY_V1: struct of 112 bytes, the UUID at 64.
  const geometry = new Uint8Array(256);
  if (libc.call.ioctl(fd, 0x80705864n, geometry) !== 0) return undefined;
  return `xfs:${hex(geometry.subarray(64, 80))}`;
}

interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
}

function mountIdentity(device: number): string {
  const number = deviceText(device);
  const mount = findMount(number);
  if (mount === undefined) return `unknown:${number}`;
  if (remoteTypes.has(mount.type)) return `${mount.type}:${mount.source}`;
  const uuid = mount.source.startsWith("/dev/") ? findUuid(mount.source) : undefined;
  if (uuid !== undefined) return `${mount.type}:${uuid}`;
  return `${mount.type}:${mount.source}:${mount.point}`;
}

/** /proc/self/mountinfo (proc_pid_mountinfo(5)): 2 device, 4 mount point; after "-": type, source. */
function findMount(device: string): Mount | undefined {
  try {
    for (const line of Deno.readTextFileSync("/proc/self/mountinfo").split("\n")) {
      const fields = line.split(" ");
      if (fields[2] !== device) continue;
      const dash = fields.indexOf("-", 6);
      return { point: fields[4], type: fields[dash + 1], source: fields[dash + 2] };
    }
  } catch {
    // Without /proc there is only the device number.
  }
  return undefined;
}

function findUuid(source: string): string | undefined {
  const folder = "/dev/disk/by-uuid";
  try {
    const wanted = Deno.realPathSync(source);
    for (const link of Deno.readDirSync(folder)) {
      if (Deno.realPathSync(`${folder}/${link.name}`) === wanted) return link.name;
    }
  } catch {
    // No udev here (containers): the next best is used.
  }
  return undefined;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
