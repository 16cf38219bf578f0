import type { RunInput } from "../cli/runner.ts";
import type { ShareLogin, SourceConfig } from "../cli/job_config.ts";
import { startEarly } from "./early_child.ts";
import { type JobSource, openSource } from "./open_source.ts";

type SourceInput = Parameters<typeof openSource>[0];

const begun = new Map<SourceConfig, JobSource>();

/**
 * Begins to open the first share of the job while this process still loads its own code and opens its
 * database: what its server is asked first is sent before that. Where nobody takes it, it ends with this
 * process. Without a share nothing is done, and where the password has to be asked for a child is started.
 */
export async function beginEarly(input: RunInput<unknown>): Promise<void> {
  const config = input.job.sources.find(({ share }) => share !== undefined);
  if (config?.share === undefined) return;
  startEarly();
  if (isAskedFor(config.share.login)) return;
  // Without it here the first question would wait until all else is loaded.
  await import("../sources/smb/share_source.ts");
  const source = openSource(input, config);
  source.begin();
  begun.set(config, source);
}

function isAskedFor(login: ShareLogin): boolean {
  return login.way === "password" && login.file === undefined && login.variable === undefined;
}

/** The source that was begun early, once; else one that is not begun. */
export function takeSource(input: SourceInput, config: SourceConfig): JobSource {
  const source = begun.get(config);
  begun.delete(config);
  return source ?? openSource(input, config);
}
