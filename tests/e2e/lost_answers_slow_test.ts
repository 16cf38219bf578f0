/** Requests that the server has acted on, and whose answer nobody gets. */
import { canCompare } from "./compare.ts";
import { type DisturbedJob, onServer, RUN } from "./disturbed_job.ts";
import { killAtRequest, tryEachPlace } from "./each_place.ts";
import { mustEnd } from "./holdfast.ts";

function atEachAnswer(
  name: string,
  disturb: (job: DisturbedJob, at: number) => Promise<boolean>,
): void {
  Deno.test(name, async () => {
    if (!canCompare(name)) return;
    const looks = { listing: false };
    await onServer((job) => tryEachPlace(job, "answers", (at) => disturb(job, at), looks));
  });
}

atEachAnswer(
  "a backup that loses the answer to any request ends as if it had got it",
  async ({ place, proxy }, at) => {
    let wasLost = false;
    proxy!.begin({ at, loses: "answer", reached: () => void (wasLost = true) });
    await mustEnd(0, place, RUN);
    proxy!.begin();
    return wasLost;
  },
);

atEachAnswer(
  "a backup that is killed between any request and its answer ends with the next run",
  (job, at) => killAtRequest(job, at, "answer"),
);
