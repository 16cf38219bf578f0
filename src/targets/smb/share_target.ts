import { HoldfastError, isKind } from "../../core/error.ts";
import { displayPath, joinPath, type PathText } from "../../core/path_text.ts";
import type { SmbPlace } from "../../core/smb_url.ts";
import { isTempName, tempName } from "../../core/temp_name.ts";
import type { RestoreTarget } from "../../ports/restore_target.ts";
import type { SmbLogin } from "../../smb/client_session.ts";
import { openSession } from "../../smb/client_session.ts";
import { listingOf, readColumns } from "../../smb/entry_columns.ts";
import { READ_BYTES, readRange } from "../../smb/file_reader.ts";
import { readFolder } from "../../smb/folder_entries.ts";
import { openingError } from "../../smb/opening_error.ts";
import { makeRemoteFolder, REMOTE_TIME_STEP, removeRemoteFile } from "../../smb/remote_writes.ts";
import { nameAt } from "../../core/scan/listing.ts";
import { type ShareCalls, shareCalls } from "./share_calls.ts";
import { setContents, setRights } from "./share_metadata.ts";
import { createShareFile } from "./share_target_file.ts";

export interface ShareTargetOptions {
  /** Random bytes, for temporary names. */
  readonly random: (n: number) => Uint8Array;
}

const LIMITS = [
  "a share keeps no owner, mode, extended attribute, symlink or device of Unix; hard links are " +
  "files of their own there",
  "times are written to a share in microseconds, and times of birth not at all",
  "what was written is on the server's disk when the server says so",
];

/**
 * A folder of a share to restore into, made where it is not there. The calls are made in this process,
 * one after the other as a restore writes: no child, for none of them may overlap another one. Throws
 * kind "unreachable", "denied" and "gone" where the share cannot be opened.
 */
export function openShareTarget(
  place: SmbPlace,
  login: SmbLogin,
  options: ShareTargetOptions,
): RestoreTarget {
  const calls = callsOn(place, login);
  opening(place, () => makeFoldersOf(calls, place));
  return targetOf(calls, options);
}

/** The same folder to be looked at alone; undefined where it is not there. */
export function findShareTarget(
  place: SmbPlace,
  login: SmbLogin,
  options: ShareTargetOptions,
): RestoreTarget | undefined {
  const calls = callsOn(place, login);
  const isThere = opening(place, () => {
    checkShare(calls, place);
    return calls.statAt("")?.type === "folder";
  });
  return isThere ? targetOf(calls, options) : undefined;
}

function callsOn({ share, path }: SmbPlace, login: SmbLogin): ShareCalls {
  return shareCalls(openSession(login, { writes: true }), [share, ...path]);
}

function targetOf(calls: ShareCalls, { random }: ShareTargetOptions): RestoreTarget {
  return {
    limits: LIMITS,
    timeStep: REMOTE_TIME_STEP,
    lookAt: (path) => calls.statAt(path),
    makeFolder: (path) => makeFolder(calls, path),
    createFile: (path) => createShareFile(calls, path, tempName(random)),
    makeSymlink: (path) => refuse(path, "symlinks"),
    makeSpecial: (path) => refuse(path, "devices and FIFOs"),
    makeLink: (path) => refuse(path, "hard links that a client makes"),
    remove: (path) => calls.call(path, (names) => removeRemoteFile(calls.session, names)),
    finishFolder: (path, stat, attributes) => [
      ...setContents(calls, path, stat, attributes),
      ...setRights(calls, path, stat, attributes),
    ],
    readFile: (path) => chunksOf(calls, path),
    sweep: (folder) => sweep(calls, folder),
    flush() {},
    close() {},
  };
}

function opening<T>(place: SmbPlace, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    throw openingError(place, error, false);
  }
}

function makeFoldersOf(calls: ShareCalls, place: SmbPlace): void {
  const above = checkShare(calls, place);
  for (let i = 1; i <= place.path.length; i++) {
    const path = place.path.slice(0, i).join("/");
    if (above.statAt(path)?.type !== "folder") makeFolder(above, path);
  }
}

/** Calls on the whole share. Throws kind "gone" where there is none. */
function checkShare({ session }: ShareCalls, { host, share }: SmbPlace): ShareCalls {
  const whole = shareCalls(session, [share]);
  if (whole.statAt("")?.type === "folder") return whole;
  throw new HoldfastError("gone", `the server ${host} has no share ${displayPath(share)}`, {
    hint: `\`holdfast shares smb://${host}\` lists its shares`,
  });
}

function makeFolder(calls: ShareCalls, path: PathText): void {
  try {
    calls.call(path, (names) => makeRemoteFolder(calls.session, names));
  } catch (error) {
    if (!isKind(error, "entry") || calls.statAt(path)?.type !== "folder") throw error;
  }
}

function refuse(path: PathText, what: string): never {
  throw new HoldfastError("entry", `cannot make ${displayPath(path)}: a share has no ${what}`, {
    context: { path: displayPath(path) },
    hint: "restore it to a local folder",
  });
}

async function* chunksOf(calls: ShareCalls, path: PathText): AsyncGenerator<Uint8Array> {
  for (let offset = 0;;) {
    const range = { offset, length: READ_BYTES };
    const { content } = calls.call(path, (names) => readRange(calls.session, names, range));
    offset += content.length;
    // The taker may keep it, and the buffer is used again.
    if (content.length > 0) yield content.slice();
    if (content.length < READ_BYTES) return;
  }
}

/** Removes what a killed restore left. */
function sweep(calls: ShareCalls, folder: PathText): void {
  const { session } = calls;
  const listing = calls.call(folder, (names) => {
    const parts: Uint8Array[] = [];
    readFolder(session, names, (columns) => void parts.push(columns));
    return listingOf(parts.map(readColumns));
  });
  const decoder = new TextDecoder();
  for (let i = 0; i < listing.count; i++) {
    const name = decoder.decode(nameAt(listing, i));
    if (!isTempName(name)) continue;
    calls.call(joinPath(folder, name), (names) => removeRemoteFile(session, names));
  }
}
