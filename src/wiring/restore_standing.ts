import { catchUp } from "../app/catch_up_log.ts";
import { continuation } from "../app/rebuild_log.ts";
import { keptHere } from "../app/restore_shipper.ts";
import { isSealedLog } from "../app/segment_state.ts";
import { type LogShipper, noShipping } from "../app/ship_log.ts";
import type { RunInput } from "../cli/runner.ts";
import { isKind } from "../core/error.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { openForReading } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import { runShipper } from "./run_shipper.ts";
import { ownSigner, passingSigner } from "./signing_key.ts";

/**
 * How this machine's database stands to the job's log: it writes it; it was rebuilt for reading; or
 * the repository's log has another end, because another machine has gone on with the job.
 */
export type Standing = "owner" | "reader" | "behind";

export async function standingOf(input: RunInput<unknown>): Promise<Standing> {
  const environment = systemEnvironment();
  const { output } = input;
  const log = openForReading(input, "write");
  try {
    if (!isOwner(input, log)) return "reader";
    const { store } = await openShippingStore(input, environment, log);
    try {
      await catchUp({
        ...{ log, store, environment, emit: output.signal },
        ...{ hashing: platformHashing, coding: jobCoding(input), verify: verifySignature },
      });
      return "owner";
    } catch (error) {
      if (!isKind(error, "locked")) return "owner";
      output.signal({ kind: "notice", text: error.message });
      return "behind";
    } finally {
      store.close();
    }
  } finally {
    log.close();
  }
}

function isOwner({ stateFile }: RunInput<unknown>, log: JobLog): boolean {
  try {
    ownSigner(stateFile, log);
    return true;
  } catch (error) {
    if (isKind(error, "key")) return false;
    throw error;
  }
}

/** The store of a restore, and what ships its events: into a log of its own where it is a guest. */
export async function openRestoreStore(
  input: RunInput<unknown>,
  environment: Environment,
  { log, isGuest }: { readonly log: JobLog; readonly isGuest: boolean },
): Promise<{ store: ObjectStore; shipper: LogShipper }> {
  const signer = isGuest ? passingSigner() : ownSigner(input.stateFile, log);
  if (isGuest) log.beginLog(continuation(log, environment, { key: signer.key }));
  const { store, mayWrite } = await openShippingStore(input, environment, log);
  const run = { log, store, environment, signer };
  // A job that is named by its URL alone has no recipients: what is restored stays untold.
  const wouldTell = input.job.recipients.length === 0 && isSealedLog(log);
  if (mayWrite && !wouldTell) {
    const shipper = runShipper(input, run, { lenient: isGuest ? "always" : "until-paid" });
    return { store, shipper };
  }
  const reason = wouldTell
    ? "it is encrypted, and the config names no recipients"
    : "the store does not do what `sse` asks for";
  return { store, shipper: isGuest ? noShipping : keptHere(reason) };
}

/** A store that does not do what `sse` asks for is still read from, but nothing is written to it. */
async function openShippingStore(
  { job, output, signal }: RunInput<unknown>,
  environment: Environment,
  log: JobLog,
): Promise<{ store: ObjectStore; mayWrite: boolean }> {
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const options = { log, signal, notice };
  try {
    return { store: await openStore(job, environment, options), mayWrite: true };
  } catch (error) {
    if (!isKind(error, "usage")) throw error;
    return {
      store: await openStore(job, environment, { ...options, readOnly: true }),
      mayWrite: false,
    };
  }
}
