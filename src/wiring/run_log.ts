import { replayAndCompare } from "../app/replay_log.ts";
import { verifyLog } from "../app/verify_log.ts";
import type { LogVerifyOptions, NoOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { counted } from "../report/count_text.ts";
import { systemEnvironment } from "./environment.ts";
import { openForReading, openForWriting, replayerBeside } from "./open_log.ts";

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
    const { events, head, proven, damage } = report;
    const exit = damage.length === 0 ? EXIT.done : EXIT.damage;
    const result = damage.length > 0
      ? damage.map((sentence) => `damage: ${sentence}`)
      : options.chain
      ? ["the hash chain is whole"]
      : [
        `the hash chain is whole, ${counted(proven, "tree digest")} proven, ` +
        "every live row is as the log says",
      ];
    output.summary({
      ...{ record: "summary", command: "log verify", job: job.name, exit },
      seconds: Math.round(performance.now() - started) / 1000,
      totals: { events, head, proven, damage: [...damage] },
    }, [`${counted(events, "event")}, head ${head}`, ...result]);
    return Promise.resolve(exit);
  } finally {
    log.close();
  }
}

/** `holdfast replay`. */
export function runReplay(input: RunInput<NoOptions>): Promise<number> {
  const { output, job } = input;
  const started = performance.now();
  const { log, close } = openForWriting(input, systemEnvironment());
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
