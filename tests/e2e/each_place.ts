/** Tries something at each place of a run, and tells all places where it went wrong. */
import {
  assertSameState,
  type DisturbedJob,
  type DisturbedState,
  type Looks,
  RUN,
} from "./disturbed_job.ts";
import { endOf, mustEnd, startHoldfast } from "./holdfast.ts";

/**
 * `disturb` does something to the run at its Nth place, for N from 1; false where the run has no
 * such place: then all have been tried. The state after it, or after the run that follows it, must
 * be that of a run that nothing has disturbed. Prints "NAME tried N of N".
 */
export async function tryEachPlace(
  job: DisturbedJob,
  name: string,
  disturb: (place: number) => Promise<boolean>,
  looks: Looks = {},
): Promise<void> {
  const expected = await undisturbed(job);
  const failures: string[] = [];
  let places = 0;
  for (let wasReached = true; wasReached && failures.length < ENOUGH;) {
    job.reset();
    const at = places + 1;
    try {
      wasReached = await disturb(at);
      if (wasReached) places++;
      await assertSameState(job, expected, looks);
    } catch (error) {
      failures.push(`at ${at}: ${error instanceof Error ? error.message : error}`);
      places = at;
    }
  }
  console.log(`${name} tried ${places - failures.length} of ${places}`);
  if (failures.length > 0) throw new Error(failures.join("\n"));
  if (places < FEWEST) throw new Error(`the run has ${places} ${name} only`);
}

/** The run is made to have more than these: one that ends early must not pass. */
const FEWEST = 20;

/** What is wrong everywhere need not be told of every place. */
const ENOUGH = 10;

/** The state that a run leaves which nothing disturbs. */
export async function undisturbed(job: DisturbedJob): Promise<DisturbedState> {
  await mustEnd(0, job.place, RUN);
  const expected = await job.state();
  await assertSameState(job, expected);
  return expected;
}

/**
 * The run is killed when its Nth request has come, which then does not reach the server, or when its
 * answer has come, which nobody gets. Then comes the next run.
 */
export async function killAtRequest(
  { place, proxy }: DisturbedJob,
  at: number,
  loses: "request" | "answer",
): Promise<boolean> {
  const reached = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  proxy!.begin({
    ...{ at, loses },
    reached: () => {
      reached.resolve();
      return gone.promise;
    },
  });
  const child = await startHoldfast(place, RUN);
  const ended = endOf(child);
  const wasReached = await Promise.race([
    reached.promise.then(() => true),
    ended.then(() => false),
  ]);
  if (wasReached) child.kill("SIGKILL");
  await ended;
  gone.resolve();
  proxy!.begin();
  await mustEnd(0, place, RUN);
  return wasReached;
}
