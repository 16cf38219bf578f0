/**
 * The restore requests of one version, each that was not refused: `<number>.restore<n>` beside its
 * record, n from 1, immutable and made by one link(2). So of two processes that ask at once one is
 * the first, and the other sees what it asked for.
 */
import { HoldfastError } from "../../core/error.ts";
import type { WarmUp } from "../../core/cold/simulated_warm_up.ts";
import type { RestoreAnswer } from "../../ports/object_store.ts";
import { checkedLine, lineIn } from "./checked_line.ts";
import { type Disk, removeQuietly } from "./disk.ts";
import { ifThere } from "./disk_error.ts";
import { linkOnce } from "./link_once.ts";
import { restoreRequestPath, type VersionPlace } from "./store_layout.ts";
import type { StoreState } from "./store_state.ts";

export interface RestoreRequests {
  /** Those that found another one under way, too. */
  readonly count: number;
  readonly last: WarmUp | undefined;
}

/** What holds since the request, and what it was told. */
export type AnsweredRequest = WarmUp & { readonly answer: RestoreAnswer };

type RequestRecord = AnsweredRequest & { readonly format: 1 };

/** Throws kind "damage" where a record is torn or altered. */
export async function readRestoreRequests(
  disk: Disk,
  place: VersionPlace,
): Promise<RestoreRequests> {
  let last: WarmUp | undefined;
  for (let count = 0;; count++) {
    const path = restoreRequestPath(place, count + 1);
    const bytes = await ifThere(disk.readWhole(path));
    if (bytes === undefined) return { count, last };
    last = lineIn<RequestRecord>(bytes);
    if (last === undefined) throw damaged(path);
  }
}

/** Keeps the n-th request, durably; false where another process has made it meanwhile. */
export async function keepRestoreRequest(
  { disk, folders, links, pending }: StoreState,
  place: VersionPlace,
  n: number,
  request: AnsweredRequest,
): Promise<boolean> {
  const path = restoreRequestPath(place, n);
  const draft = `${pending}/${place.version}${DRAFT}`;
  const record: RequestRecord = { format: 1, ...request };
  try {
    const file = await disk.create(draft);
    try {
      await file.write(checkedLine(record));
      await file.sync();
    } finally {
      file.close();
    }
    if (links) {
      if (!await linkOnce(disk, draft, path)) return false;
    } else {
      if (await ifThere(disk.look(path)) !== undefined) return false;
      await disk.rename(draft, path);
    }
    await folders.sync(place.folder);
    return true;
  } finally {
    await removeQuietly(disk, [draft]);
  }
}

const DRAFT = ".restore";

/** Whether a name in a process's folder in `pending/` is a request's that was being made. */
export function isRequestDraft(name: string): boolean {
  return name.endsWith(DRAFT);
}

/** Removes a version's requests, the last one first: what a kill leaves has no gap. */
export async function removeRestoreRequests(disk: Disk, place: VersionPlace): Promise<void> {
  let n = 1;
  while (await ifThere(disk.look(restoreRequestPath(place, n))) !== undefined) n++;
  for (n--; n > 0; n--) await ifThere(disk.remove(restoreRequestPath(place, n)));
}

function damaged(path: string): HoldfastError {
  return new HoldfastError("damage", `the restore request ${path} is damaged`, {
    context: { path },
    hint: "remove the file: the object is then as if it had not been asked for",
  });
}
