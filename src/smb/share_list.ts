import { callFailed } from "./call_failure.ts";
import type { SmbSession } from "./client_session.ts";

/** What a server offers under a name. */
export interface ListedShare {
  readonly name: string;
  readonly kind: "disk" | "printer" | "other";
  readonly comment: string;
}

/** struct smbc_dirent (libsmbclient.h): type u32 · 16 comment, a pointer · 28 name. */
const COMMENT_AT = 16, NAME_AT = 28;
const KINDS: Readonly<Record<number, ListedShare["kind"]>> = { 3: "disk", 4: "printer" };

/** The shares of the server that the user is told of. Throws a call failure. */
export function readShares(session: SmbSession): ListedShare[] {
  const { call } = session;
  const handle = call.smbc_opendir(session.urlOf([]));
  if (handle < 0) throw callFailed("list the shares", session.errno());
  try {
    const shares: ListedShare[] = [];
    for (;;) {
      session.clearErrno();
      const found = call.smbc_readdir(handle);
      if (found === null) {
        if (session.errno() !== 0) throw callFailed("list the shares", session.errno());
        return shares;
      }
      const view = new Deno.UnsafePointerView(found);
      const comment = view.getPointer(COMMENT_AT);
      shares.push({
        name: view.getCString(NAME_AT),
        kind: KINDS[view.getUint32()] ?? "other",
        comment: comment === null ? "" : Deno.UnsafePointerView.getCString(comment),
      });
    }
  } finally {
    call.smbc_closedir(handle);
  }
}
