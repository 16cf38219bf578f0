import { sameRecipients } from "../core/recipient.ts";
import type { RepositoryFile } from "../core/repository_file.ts";
import type { SignalSink } from "../core/signal.ts";
import { type LogShipper, noShipping } from "./ship_log.ts";

/**
 * What ships the log of a restore. Where the repository is encrypted for other recipients than the
 * job's config names, nothing does: entries come back all the same, and are told nowhere in clear.
 */
export function restoreShipper(
  { shipper, recipients = [], emit }: {
    readonly shipper: LogShipper;
    readonly recipients?: readonly string[];
    readonly emit: SignalSink;
  },
  { recipients: known = [] }: RepositoryFile,
): LogShipper {
  if (shipper === noShipping || sameRecipients(known, recipients)) return shipper;
  const text = "the log of this restore stays here: the recipients in the config are not those " +
    "that the repository is encrypted for";
  emit({ kind: "notice", text });
  return noShipping;
}
