import { type HoldfastError, isKind } from "../core/error.ts";
import { type FetchedSegment, fetchSegment, type SegmentDeps } from "./read_segment.ts";

/** One of the two is there. */
export interface EachSegment {
  readonly key: string;
  readonly segment?: FetchedSegment;
  /** Of kind "damage" or "gone". */
  readonly error?: HoldfastError;
}

/** Bodies on their way while one is looked at. */
const AHEAD = 4;

/** Segments in order. One that is damaged does not keep the others from being looked at. */
export async function* fetchEachSegment(
  deps: SegmentDeps,
  keys: readonly string[],
): AsyncGenerator<EachSegment> {
  const under: Promise<EachSegment>[] = [];
  let next = 0;
  const start = () => {
    const key = keys[next++];
    if (key === undefined) return;
    const fetched = fetchSegment(deps, key).then(
      (segment): EachSegment => ({ key, segment }),
      (error): EachSegment => {
        if (isKind(error, "damage", "gone")) return { key, error };
        throw error;
      },
    );
    // Where an earlier one fails nobody waits for this one.
    fetched.catch(() => {});
    under.push(fetched);
  };
  for (let i = 0; i < AHEAD; i++) start();
  for (let fetched = under.shift(); fetched !== undefined; fetched = under.shift()) {
    start();
    yield await fetched;
  }
}
