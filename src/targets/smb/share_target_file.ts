import { DOS_READONLY } from "../../core/dos_attributes.ts";
import { HoldfastError, isKind } from "../../core/error.ts";
import { displayPath, joinPath, type PathText } from "../../core/path_text.ts";
import type { TargetFile } from "../../ports/restore_target.ts";
import {
  closeRemoteFile,
  createRemoteFile,
  removeRemoteFile,
  renameRemote,
  setRemoteAttributes,
  writeRemoteFile,
} from "../../smb/remote_writes.ts";
import type { ShareCalls } from "./share_calls.ts";
import { setContents, setRights } from "./share_metadata.ts";

/** Begins a file under a temporary name beside its own. Throws kind "entry". */
export function createShareFile(calls: ShareCalls, path: PathText, temp: string): TargetFile {
  const { session } = calls;
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const temporary = joinPath(folder, temp);
  let file: number | undefined = calls.call(
    temporary,
    (names) => createRemoteFile(session, names),
  );

  function close(): void {
    const open = file;
    file = undefined;
    if (open !== undefined) calls.callOnce(path, () => closeRemoteFile(session, open));
  }

  function discard(): void {
    try {
      close();
      calls.call(temporary, (names) => removeRemoteFile(session, names));
    } catch {
      // What made the restore give up is the error to tell; the next one sweeps.
    }
  }

  function giveName(replace: boolean): void {
    const there = calls.statAt(path);
    if (there !== undefined && !replace) throw inTheWay(path);
    if (there !== undefined && ((there.dos ?? 0) & DOS_READONLY) !== 0) {
      calls.call(path, (names) => setRemoteAttributes(session, names, 0));
    }
    calls.callOnce(path, (names) => renameRemote(session, calls.names(temporary), names));
  }

  return {
    // A server that keeps holes makes them of zeros by itself, or not at all.
    write: (bytes) =>
      calls.callOnce(path, () => writeRemoteFile(session, file!, bytes as Uint8Array<ArrayBuffer>)),
    finish(stat, attributes, { replace }) {
      try {
        close();
        const problems = setContents(calls, temporary, stat, attributes);
        giveName(replace);
        return [...problems, ...setRights(calls, path, stat, attributes)];
      } catch (error) {
        if (!isKind(error, "unreachable")) discard();
        throw error;
      }
    },
    discard,
  };
}

function inTheWay(path: PathText): HoldfastError {
  return new HoldfastError("entry", `already there: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "remove it, or allow overwriting",
  });
}
