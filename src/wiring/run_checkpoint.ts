import { lastCheckpoint } from "../app/checkpoint_due.ts";
import { readOwnRepository } from "../app/read_repository.ts";
import { newId } from "../app/run.ts";
import { hasUnshippedEnd } from "../app/unshipped_end.ts";
import { type CheckpointDeps, checkpointIfDue, writeCheckpoint } from "../app/write_checkpoint.ts";
import type { NoOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { formatSize } from "../core/size_text.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import { counted } from "../report/count_text.ts";
import { stateDumper } from "../sqlite/state_dump.ts";
import { systemEnvironment } from "./environment.ts";
import { type CodingInput, jobCoding } from "./job_coding.ts";
import { openForLook, openForWriting } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import type { ShippedRun } from "./run_shipper.ts";
import { ownSigner } from "./signing_key.ts";

/** `holdfast log checkpoint`. */
export async function runLogCheckpoint(input: RunInput<NoOptions>): Promise<number> {
  const { output, job, signal, globals } = input;
  const started = performance.now();
  if (globals.dryRun) return plan(input);
  const environment = systemEnvironment();
  const { log, close } = openForWriting(input, environment);
  try {
    const notice = (text: string) => output.signal({ kind: "notice", text });
    const store = await openStore(job, environment, { log, signal, notice });
    try {
      await readOwnRepository(store, log, job.recipients);
      const deps = depsOf(input, { log, store, environment });
      const { key, position, objects, bytes } = await writeCheckpoint(deps, newId(environment));
      output.summary({
        ...{ record: "summary", command: "log checkpoint", job: job.name, exit: EXIT.done },
        seconds: Math.round(performance.now() - started) / 1000,
        totals: { key, position, objects, bytes },
      }, [
        `sent the index as at position ${position}: ${counted(objects, "object")}, ` +
        formatSize(bytes),
      ]);
      return EXIT.done;
    } finally {
      store.close();
    }
  } finally {
    close();
  }
}

function plan(input: RunInput<NoOptions>): number {
  const log = openForLook(input);
  try {
    input.output.text(`plan: send the index as at position ${log.head().position}`);
    return EXIT.done;
  } finally {
    log.close();
  }
}

/** At the end of a backup: where so much was shipped since the last one. */
export async function checkpointAfter(
  input: CodingInput & Pick<RunInput<unknown>, "output" | "stateFile">,
  run: ShippedRun,
): Promise<void> {
  await checkpointIfDue(depsOf(input, run), newId(run.environment));
}

/** At a takeover: where the end of the log before it can never be shipped. */
export async function checkpointTakeover(
  input: CodingInput & Pick<RunInput<unknown>, "output" | "stateFile">,
  run: ShippedRun,
): Promise<void> {
  const { log, store, environment } = run;
  if ((lastCheckpoint(log)?.position ?? 0) >= log.logs().at(-1)!.first) return;
  if (!await hasUnshippedEnd(store, log)) return;
  await writeCheckpoint(depsOf(input, run), newId(environment));
}

function depsOf(
  input: CodingInput & Pick<RunInput<unknown>, "output" | "stateFile">,
  { log, store, environment, signer = ownSigner(input.stateFile, log) }: ShippedRun,
): CheckpointDeps {
  return {
    ...{ log, store, environment, signer, emit: input.output.signal },
    ...{ hashing: platformHashing, coding: jobCoding(input), verify: verifySignature },
    dump: stateDumper(platformHashing.sha256),
  };
}
