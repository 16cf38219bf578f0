import { isLockAgreed } from "../app/known_locks.ts";
import type { RunInput } from "../cli/runner.ts";
import type { JobConfig } from "../cli/job_config.ts";
import { HoldfastError } from "../core/error.ts";
import type { LogReader } from "../ports/event_log.ts";
import { lockTime } from "../report/lock_text.ts";

const WORD = "compliance";

/**
 * Asks a person before the first object is locked in compliance mode, and before the time of that is
 * made longer. Throws kind "guard" where nobody agrees.
 */
export async function agreeToLock(
  { job: { lock, repository }, confirmTyped }: Pick<RunInput<unknown>, "job" | "confirmTyped">,
  log: LogReader | undefined,
): Promise<void> {
  if (lock === undefined || lock.mode === "governance") return;
  if (log !== undefined && isLockAgreed(log, lock)) return;
  const time = lockTime(lock.ms);
  const question = `compliance mode: whatever is stored in ${repository.url} stays there, and is ` +
    `paid for, for ${time} from then on; nobody can delete it sooner, AWS and the owner of the ` +
    "account neither";
  if (!await confirmTyped(question, WORD)) throw notAgreed();
}

/** For commands that store and do not ask: kind "guard" where nobody has agreed to compliance mode. */
export function refuseUnagreedLock({ lock }: JobConfig, log: LogReader): void {
  if (lock !== undefined && !isLockAgreed(log, lock)) throw notAgreed();
}

function notAgreed(): HoldfastError {
  return new HoldfastError("guard", 'nobody has agreed to `lock_mode = "compliance"` yet', {
    hint: `run \`holdfast backup\` at a terminal, and type ${WORD} there; nothing was written`,
  });
}
