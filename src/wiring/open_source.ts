import type { SourceConfig } from "../cli/job_config.ts";
import type { RunInput } from "../cli/runner.ts";
import type { Answer, Source, SourceRoot } from "../ports/source.ts";
import { openLocalSource } from "../sources/local/local_source.ts";
import { childCommand } from "./child_command.ts";
import { takeEarly } from "./early_child.ts";
import { loginTo } from "./share_login.ts";

type SourceInput = Pick<RunInput<unknown>, "job" | "signal" | "askSecret" | "output">;

export interface JobSource extends Source {
  /** Begins to open it, where that takes time: `open` waits for the rest. */
  begin(): void;
  /** Closes what was begun and never opened. */
  end(): Answer<void>;
}

/** A source of the job. What reads shares is loaded when one is opened. */
export function openSource(input: SourceInput, { path, share }: SourceConfig): JobSource {
  if (share === undefined) return { ...openLocalSource(path), begin() {}, end() {} };
  const { connections, encryption, acls, streams, snapshot } = input.job.shares;
  const open = async () => {
    const { openShareSource } = await import("../sources/smb/share_source.ts");
    return await openShareSource({
      ...{ place: share.place, connections, signal: input.signal, command: childCommand() },
      begun: takeEarly(),
      login: () => loginTo(share, { encryption, askSecret: input.askSecret }),
      keep: { acls, streams },
      ...(snapshot === undefined ? {} : { version: snapshot }),
      notice: (text) => input.output.signal({ kind: "notice", text }),
    }).open();
  };
  return { fidelity: "share", ...openedEarly(open) };
}

/** A server is reached while the run still looks at its repository. */
function openedEarly(
  open: () => Promise<SourceRoot>,
): Pick<JobSource, "begin" | "open" | "end"> {
  let begun: Promise<SourceRoot> | undefined;
  return {
    begin() {
      begun ??= open();
      // Whoever opens it hears of a failure.
      begun.catch(() => {});
    },
    open() {
      const opened = begun ?? open();
      begun = undefined;
      return opened;
    },
    async end() {
      const root = await begun?.catch(() => undefined);
      await root?.close();
    },
  };
}
