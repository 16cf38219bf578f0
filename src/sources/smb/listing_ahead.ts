import type { PathText } from "../../core/path_text.ts";
import type { ListedFolder } from "../../smb/share_calls.ts";

/**
 * Lists folders before the walk comes to them, for a walk goes one folder after the other and would
 * wait for each round trip: the next ones in its order, several at a time.
 */
export interface ListingAhead {
  /** The listing of the folder, which may have been begun before. */
  take(path: PathText): Promise<ListedFolder>;
  /** The listing of a folder that was made before. */
  put(path: PathText, listed: ListedFolder): void;
  /** The walk comes to these next, in this order. */
  expect(paths: readonly PathText[]): void;
  /** The walk is done with the folder: what lies below it is not expected any more. */
  leave(path: PathText): void;
}

/** Listings of so many bytes may wait for the walk. */
const MOST_BYTES = 32 * 1024 * 1024;

/** `most`: listings that may be under way or wait. */
export function listingAhead(
  list: (path: PathText) => Promise<ListedFolder>,
  most: number,
): ListingAhead {
  /** The next one is the last. */
  const expected: PathText[] = [];
  const begun = new Map<PathText, Promise<ListedFolder>>();
  const sizes = new Map<PathText, number>();
  let bytes = 0;

  function begin(): void {
    while (begun.size < most && bytes < MOST_BYTES) {
      const path = expected.pop();
      if (path === undefined) return;
      const listed = list(path);
      begun.set(path, listed);
      // Whoever takes it hears of a failure.
      listed.then((folder) => noteSize(path, listed, folder), () => {});
    }
  }

  function noteSize(path: PathText, listed: Promise<ListedFolder>, { listing }: ListedFolder) {
    if (begun.get(path) !== listed) return;
    sizes.set(path, listing.names.length + listing.stats.length);
    bytes += sizes.get(path)!;
  }

  function forget(path: PathText): void {
    begun.delete(path);
    bytes -= sizes.get(path) ?? 0;
    sizes.delete(path);
  }

  return {
    take(path) {
      const listed = begun.get(path);
      forget(path);
      const at = listed === undefined ? expected.lastIndexOf(path) : -1;
      if (at >= 0) expected.splice(at, 1);
      const taken = listed ?? list(path);
      begin();
      return taken;
    },
    put: (path, listed) => void begun.set(path, Promise.resolve(listed)),
    expect(paths) {
      expected.push(...paths.toReversed());
      begin();
    },
    leave(path) {
      const isBelow = (other: PathText) => path === "" || other.startsWith(`${path}/`);
      for (const other of begun.keys()) if (isBelow(other)) forget(other);
      while (expected.length > 0 && isBelow(expected.at(-1)!)) expected.pop();
      begin();
    },
  };
}
