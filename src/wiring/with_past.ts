import { dirname } from "node:path";
import { fetchPast } from "../app/fetch_past.ts";
import { isBeforeBase, type WantedState } from "../app/read_state.ts";
import { readRepositoryOf } from "../app/read_repository.ts";
import type { RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import type { JobLog, LogBase } from "../ports/event_log.ts";
import { type PastFile, pastFile } from "../sqlite/past_events.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { openForLook } from "./open_log.ts";
import { openStore } from "./open_store.ts";

export interface PastNeeds {
  /** Called for a log that was cut: whether the command looks at what was before. */
  readonly needs: (log: JobLog, base: LogBase) => boolean;
  /** It can do something without, too, and says itself what it cannot. */
  readonly isLenient?: boolean;
}

/**
 * Runs a command over the whole of a log that was cut: what is not on this machine is fetched from the
 * repository first, verified, into a file that is removed when the command ends. Over a log that was
 * not cut, and where nothing of it is needed, the command alone. Throws as the store does, "damage"
 * where the repository has not all of it, "key" where it cannot be opened.
 */
export async function withPast<Input extends RunInput<unknown>, Result>(
  input: Input,
  { needs, isLenient = false }: PastNeeds,
  run: (input: Input) => Promise<Result>,
): Promise<Result> {
  if (input.past !== undefined) return await run(input);
  let past: PastFile | undefined;
  try {
    past = await fetchNeeded(input, needs);
  } catch (error) {
    if (!isLenient || !(error instanceof HoldfastError) || error.kind === "interrupted") {
      throw error;
    }
    input.output.signal({ kind: "notice", text: error.message });
  }
  if (past === undefined) return await run(input);
  try {
    return await run({ ...input, past: past.file });
  } finally {
    past.close();
  }
}

/** Any of these states is from before the log's base. */
export function needsStates(...wanted: readonly WantedState[]): PastNeeds {
  return { needs: (log) => wanted.some((state) => isBeforeBase(log, state)) };
}

/** All of the log, where it can be had. */
export const WHOLE: PastNeeds = { needs: () => true, isLenient: true };

/** Events from a time on, or all of them. */
export function needsSince(since: number | undefined): PastNeeds {
  return { needs: (_, { cut }) => since === undefined || since <= cut!.latest };
}

async function fetchNeeded(
  input: RunInput<unknown>,
  needs: PastNeeds["needs"],
): Promise<PastFile | undefined> {
  const log = openForLook(input);
  try {
    const { base } = log;
    if (base?.cut === undefined || !needs(log, base)) return undefined;
    return await fetchAll(input, log, base);
  } finally {
    log.close();
  }
}

async function fetchAll(
  input: RunInput<unknown>,
  log: JobLog,
  base: LogBase,
): Promise<PastFile> {
  const { output, job, signal, stateFile } = input;
  const notice = (text: string) => output.signal({ kind: "notice", text });
  notice(`the history before position ${base.position} is read from the repository`);
  const past = pastFile(dirname(stateFile));
  try {
    const environment = systemEnvironment();
    const store = await openStore(job, environment, { log, signal, notice, readOnly: true });
    try {
      await readRepositoryOf(store, log);
      await fetchPast(log, {
        ...{ store, hashing: platformHashing, coding: jobCoding(input), verify: verifySignature },
        ...{ past, emit: output.signal, signal },
      }, { to: base });
    } finally {
      store.close();
    }
    past.settle();
    return past;
  } catch (error) {
    past.close();
    throw notFetched(error, base);
  }
}

function notFetched(error: unknown, { position }: LogBase): unknown {
  if (!(error instanceof HoldfastError) || error.kind === "interrupted") return error;
  const { kind, message, context, hint } = error;
  const what =
    `the history before position ${position} was cut here, and cannot be read from the ` +
    `repository: ${message}`;
  const later = "what came later can be looked at without it";
  return new HoldfastError(kind, what, {
    ...{ context, cause: error },
    hint: hint === undefined ? later : `${hint}; ${later}`,
  });
}
