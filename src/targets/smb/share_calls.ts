import { HoldfastError, isKind } from "../../core/error.ts";
import type { PathText } from "../../core/path_text.ts";
import type { EntryStat } from "../../core/stat_record.ts";
import { unpackStat } from "../../core/stat_record.ts";
import { callFailureOf } from "../../smb/call_failure.ts";
import type { SmbSession } from "../../smb/client_session.ts";
import { lookAt } from "../../smb/file_reader.ts";
import { isLost, smbEntryError, smbErrorText } from "../../smb/smb_error.ts";

const ENOSPC = 28;
const EDQUOT = 122;
/** A lost session comes back with the next call. */
const TRIES = 3;

/** Calls on the share that a restore writes to, with their errors as entry errors. */
export interface ShareCalls {
  readonly session: SmbSession;
  /** Share and names of what is at a path of the target. */
  names(path: PathText): string[];
  /** Throws kind "entry", "disk-full", or "unreachable" where the server is lost for good. */
  call<T>(path: PathText, work: (names: readonly string[]) => T): T;
  /** As `call`, once: for what cannot be done twice. */
  callOnce<T>(path: PathText, work: (names: readonly string[]) => T): T;
  /** What is at the path; undefined where there is nothing. */
  statAt(path: PathText): EntryStat | undefined;
}

export function shareCalls(session: SmbSession, root: readonly string[]): ShareCalls {
  const names = (path: PathText) => path === "" ? [...root] : [...root, ...path.split("/")];

  function attempt<T>(path: PathText, work: (names: readonly string[]) => T, tries: number): T {
    const place = names(path);
    session.enter();
    for (let left = tries;; left--) {
      try {
        return work(place);
      } catch (error) {
        const failure = callFailureOf(error);
        if (failure === undefined) throw error;
        if (isLost(failure) && left > 1) continue;
        const { step, errno } = failure;
        const shown = smbEntryError(failure, place.slice(1));
        if (errno !== ENOSPC && errno !== EDQUOT) throw shown;
        throw new HoldfastError("disk-full", `cannot ${step}: ${smbErrorText(ENOSPC)}`, {
          context: shown.context,
          hint: "free some space on the server and run again",
        });
      }
    }
  }

  return {
    session,
    names,
    call: (path, work) => attempt(path, work, TRIES),
    callOnce: (path, work) => attempt(path, work, 1),
    statAt(path) {
      try {
        return unpackStat(attempt(path, (place) => lookAt(session, place), TRIES));
      } catch (error) {
        const errno = isKind(error, "entry") ? error.context.errno : undefined;
        if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
        throw error;
      }
    },
  };
}
