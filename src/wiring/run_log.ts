import { replayAndCompare } from "../app/replay_log.ts";
import { readOwnRepository } from "../app/read_repository.ts";
import { newId } from "../app/run.ts";
import { firstUnshipped } from "../app/segment_state.ts";
import { reshipLost } from "../app/ship_log.ts";
import type { NoOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import { counted } from "../report/count_text.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { openForLook, openForWriting, replayerBeside } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import { runShipper } from "./run_shipper.ts";
import { ownSigner } from "./signing_key.ts";
import { WHOLE, withPast } from "./with_past.ts";

/** `holdfast log ship`. */
export async function runLogShip(input: RunInput<NoOptions>): Promise<number> {
  const { output, job, signal, stateFile, globals } = input;
  const started = performance.now();
  const environment = systemEnvironment();
  if (globals.dryRun) {
    const log = openForLook(input);
    try {
      output.text(`plan: send the events from ${firstUnshipped(log)} to ${log.head().position}`);
      return EXIT.done;
    } finally {
      log.close();
    }
  }
  const { log, close } = openForWriting(input, environment);
  try {
    const notice = (text: string) => output.signal({ kind: "notice", text });
    const store = await openStore(job, environment, { log, signal, notice });
    try {
      const before = firstUnshipped(log);
      const signer = ownSigner(stateFile, log);
      const shipper = runShipper(input, { log, store, environment, signer });
      await readOwnRepository(store, log, job.recipients);
      await shipper.begin(newId(environment));
      await shipper.ship();
      const again = await reshipLost({
        ...{ log, store, environment, signer, emit: output.signal },
        ...{ hashing: platformHashing, coding: jobCoding(input), verify: verifySignature },
      });
      const shipped = firstUnshipped(log) - 1;
      output.summary({
        ...{ record: "summary", command: "log ship", job: job.name, exit: EXIT.done },
        seconds: Math.round(performance.now() - started) / 1000,
        totals: { events: shipped - before + 1, position: shipped, again },
      }, [
        `sent ${
          counted(shipped - before + 1, "event")
        }: the repository has the log up to position ${shipped}`,
        ...(again === 0 ? [] : [`put back ${counted(again, "lost segment")}`]),
      ]);
      return EXIT.done;
    } finally {
      store.close();
    }
  } finally {
    close();
  }
}

/** `holdfast replay`. Of a log that was cut what is here will do: it begins with a checkpoint. */
export async function runReplay(input: RunInput<NoOptions>): Promise<number> {
  return await withPast(input, WHOLE, replay);
}

function replay(input: RunInput<NoOptions>): Promise<number> {
  const { output, job } = input;
  const started = performance.now();
  const { log, close } = openForWriting(input, systemEnvironment(), { appends: false });
  try {
    const report = replayAndCompare(log, replayerBeside(input.stateFile), output.signal);
    const { events, differed, digests } = report;
    const exit = differed.length === 0 ? EXIT.done : EXIT.damage;
    output.summary({
      ...{ record: "summary", command: "replay", job: job.name, exit },
      seconds: Math.round(performance.now() - started) / 1000,
      totals: { events, differed: [...differed], digests: { ...digests } },
    }, [
      `replayed ${counted(events, "event")}`,
      ...Object.entries(digests).map(([name, digest]) => `${name} ${digest}`),
      differed.length === 0
        ? "the live projections were the same"
        : `the live ${differed.join(", ")} differed and were replaced by the replay`,
    ]);
    return Promise.resolve(exit);
  } finally {
    close();
  }
}
