/** Reads a TAR with the package tar-stream, which shares no code with ours. */
import { Buffer } from "node:buffer";
import { extract } from "tar-stream";
import { concat } from "./tar_fixture.ts";

export interface SecondMember {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly content: Uint8Array;
  /** Since 1970, rounded down. */
  readonly seconds: number;
  readonly target: string;
  readonly owner: string;
  readonly group: string;
  readonly major: number;
  readonly minor: number;
}

/** What tar-stream says of a member (its README, "Headers"). */
interface StreamHeader {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: Date;
  readonly linkname: string | null;
  readonly uname: string;
  readonly gname: string;
  readonly devmajor: number;
  readonly devminor: number;
}

const TYPES: Record<string, string> = {
  ...{ "file": "file", "directory": "folder", "symlink": "symlink", "link": "link" },
  ...{ "fifo": "fifo", "character-device": "char", "block-device": "block" },
};

export async function readByTarStream(tar: Uint8Array): Promise<SecondMember[]> {
  const stream = extract();
  const found: SecondMember[] = [];
  stream.end(Buffer.from(tar));
  for await (const entry of stream) {
    const pieces: Uint8Array[] = [];
    for await (const piece of entry) pieces.push(Uint8Array.from(piece as Uint8Array));
    found.push(secondMember(entry.header, concat(pieces)));
  }
  return found;
}

function secondMember(header: StreamHeader, content: Uint8Array): SecondMember {
  return {
    ...{ path: header.name, type: TYPES[header.type], mode: header.mode },
    ...{ uid: header.uid, gid: header.gid, size: header.size, content },
    seconds: header.mtime.getTime() / 1000,
    target: header.linkname ?? "",
    ...{ owner: header.uname, group: header.gname },
    ...{ major: header.devmajor, minor: header.devminor },
  };
}
