import { readRepositoryOf } from "../app/read_repository.ts";
import { verifyLog, type VerifyReport } from "../app/verify_log.ts";
import { type ShippedReport, verifyShipped } from "../app/verify_shipped.ts";
import type { LogVerifyOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import type { JobLog, LogBase } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { counted } from "../report/count_text.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { openForReading, replayerBeside } from "./open_log.ts";
import { openStore } from "./open_store.ts";

type Input = RunInput<LogVerifyOptions>;

/** `holdfast log verify`. */
export async function runLogVerify(input: Input): Promise<number> {
  const { output, options } = input;
  const started = performance.now();
  const log = openForReading(input, "read");
  let store: ObjectStore | undefined;
  try {
    // Whoever cannot reach the repository is told so before the long part.
    if (!options.chain && !options.local) store = await openRepository(input, log);
    output.signal({ kind: "phase", name: "verify" });
    const report = verifyLog(log, replayerBeside(input.stateFile), platformHashing.sha256, {
      ...{ chainOnly: options.chain, emit: output.signal },
    });
    const shipped = store === undefined ? undefined : await verifyShipped(log, {
      ...{ store, hashing: platformHashing, coding: jobCoding(input), verify: verifySignature },
    }, input.signal);
    return tell(input, { report, shipped, base: log.base }, performance.now() - started);
  } finally {
    store?.close();
    log.close();
  }
}

/** Throws as the store does, and kind "no-repository" where it is not this log's. */
async function openRepository(input: Input, log: JobLog): Promise<ObjectStore> {
  const { job, signal, output } = input;
  const notice = (text: string) => output.signal({ kind: "notice", text });
  try {
    const environment = systemEnvironment();
    const store = await openStore(job, environment, { log, signal, notice, readOnly: true });
    await readRepositoryOf(store, log);
    return store;
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.kind === "interrupted") throw error;
    const alone = "`log verify --local` verifies what is on this machine alone";
    throw new HoldfastError(error.kind, error.message, {
      context: error.context,
      hint: error.hint === undefined ? alone : `${error.hint}; ${alone}`,
      cause: error,
    });
  }
}

function tell(
  { output, options, job }: Input,
  { report, shipped, base }: {
    readonly report: VerifyReport;
    readonly shipped: ShippedReport | undefined;
    readonly base: LogBase | undefined;
  },
  ms: number,
): number {
  const { events, head, proven, from, checkpoint, damage: here } = report;
  const damage = [...here, ...shipped?.damage ?? []];
  const exit = damage.length === 0 ? EXIT.done : EXIT.damage;
  for (const text of shipped?.notes ?? []) output.signal({ kind: "notice", text });
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
      ...(shipped === undefined ? [] : [shippedText(shipped)]),
    ];
  output.summary({
    ...{ record: "summary", command: "log verify", job: job.name, exit },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...{ events, head, proven, from, damage },
      checkpoint: checkpoint ?? null,
      segments: shipped?.segments ?? null,
      shipped: shipped?.position ?? null,
    },
  }, [
    `${counted(events, "event")}, head ${head}`,
    ...(base === undefined ? [] : [baseText(base, shipped)]),
    ...result,
  ]);
  return exit;
}

function baseText({ position, cut }: LogBase, shipped: ShippedReport | undefined): string {
  const what =
    `verified from position ${position} on, where the checkpoint is that this database was `;
  if (cut === undefined) return `${what}rebuilt from`;
  const before = shipped === undefined ? "" : "; what was before, in the repository";
  return `${what}cut at on ${cut.at}${before}`;
}

function shippedText({ segments, unopened, position }: ShippedReport): string {
  const compared =
    `${counted(segments, "segment")} in the repository, up to position ${position}, ` +
    "are signed and the same";
  return unopened === 0
    ? compared
    : `${compared}; of ${unopened} only the heads: they are encrypted, and --identity opens them`;
}
