import { replayAndCompare } from "../app/replay_log.ts";
import { readOwnRepository } from "../app/read_repository.ts";
import { newId } from "../app/run.ts";
import { firstUnshipped } from "../app/segment_state.ts";
import { reshipLost } from "../app/ship_log.ts";
import { verifyLog } from "../app/verify_log.ts";
import type { LogVerifyOptions, NoOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import { counted } from "../report/count_text.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { openForLook, openForReading, openForWriting, replayerBeside } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import { runShipper } from "./run_shipper.ts";
import { ownSigner } from "./signing_key.ts";

/** `holdfast log verify`. */
export function runLogVerify(input: RunInput<LogVerifyOptions>): Promise<number> {
  const { output, options, job } = input;
  const started = performance.now();
  const log = openForReading(input, "read");
  try {
    output.signal({ kind: "phase", name: "verify" });
    const replayer = replayerBeside(input.stateFile);
    const emit = output.signal;
    const report = verifyLog(log, replayer, platformHashing.sha256, {
      ...{ chainOnly: options.chain, emit },
    });
    const { events, head, proven, damage, from, checkpoint } = report;
    const exit = damage.length === 0 ? EXIT.done : EXIT.damage;
    const result = damage.length > 0
      ? damage.map((sentence) => `damage: ${sentence}`)
      : options.chain
      ? ["the hash chain is whole"]
      : [
        `the hash chain is whole, ${counted(proven, "tree digest")} proven, ` +
        "every live row is as the log says",
        ...(checkpoint === undefined
          ? []
          : [`the checkpoint at position ${checkpoint} is as the log says`]),
      ];
    output.summary({
      ...{ record: "summary", command: "log verify", job: job.name, exit },
      seconds: Math.round(performance.now() - started) / 1000,
      totals: {
        ...{ events, head, proven, from, damage: [...damage] },
        checkpoint: checkpoint ?? null,
      },
    }, [
      `${counted(events, "event")}, head ${head}`,
      ...(from === 0 ? [] : [
        `verified from position ${from} on, where the checkpoint is that this database was ` +
        "rebuilt from",
      ]),
      ...result,
    ]);
    return Promise.resolve(exit);
  } finally {
    log.close();
  }
}

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

/** `holdfast replay`. */
export function runReplay(input: RunInput<NoOptions>): Promise<number> {
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
