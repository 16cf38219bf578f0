import { HoldfastError } from "../core/error.ts";
import { sameRecipients } from "../core/recipient.ts";
import type { RepositoryFile } from "../core/repository_file.ts";
import type { SignalSink } from "../core/signal.ts";
import { type LogShipper, noShipping } from "./ship_log.ts";

/**
 * What ships the log of a restore. Where the repository is encrypted for other recipients than the
 * job's config names, nothing does: entries come back all the same, and are told nowhere in clear.
 */
export function restoreShipper(
  { shipper, recipients = [], emit, isGuest = false }: {
    readonly shipper: LogShipper;
    readonly recipients?: readonly string[];
    readonly emit: SignalSink;
    readonly isGuest?: boolean;
  },
  { recipients: known = [] }: RepositoryFile,
): LogShipper {
  if (shipper === noShipping || sameRecipients(known, recipients)) return shipper;
  const reason = "the recipients in the config are not those that the repository is encrypted for";
  emit({ kind: "notice", text: `the log of this restore stays here: ${reason}` });
  return isGuest ? noShipping : keptHere(reason);
}

/**
 * For the machine that writes the job, where nothing may be shipped. What can be read is restored;
 * what is paid for, and would be forgotten with this machine, is not asked for.
 */
export function keptHere(reason: string): LogShipper {
  return {
    ...noShipping,
    ship: () =>
      Promise.reject(
        new HoldfastError("refused", `the log of this restore stays here: ${reason}`, {
          hint: "correct the config of the job; what can be read is restored meanwhile",
        }),
      ),
  };
}
