import type { PathText } from "../core/path_text.ts";
import type { SmbLogin } from "./client_session.ts";
import { runSmbclient } from "./smbclient_command.ts";

/** A named stream beside a file's own content. */
export interface AlternateStream {
  readonly name: string;
  readonly size: number;
}

/** The streams of files and folders, by their paths (names below the share), in one run of smbclient. */
export async function alternateStreams(
  place: { readonly login: SmbLogin; readonly share: string; readonly signal: AbortSignal },
  paths: readonly (readonly PathText[])[],
): Promise<AlternateStream[][]> {
  const commands = paths.map((names) => `allinfo "${names.join("\\")}"`);
  return streamsIn(await runSmbclient({ ...place, commands }), paths.length);
}

/** One answer a command, in their order: what it says of an entry begins with its short name. */
export function streamsIn(said: string, count: number): AlternateStream[][] {
  const found: AlternateStream[][] = [];
  let isFirst = false;
  for (const line of said.split("\n")) {
    if (/^altname: |^NT_STATUS_\w+ getting alt name for /.test(line)) {
      found.push([]);
      isFirst = true;
    } else if (line.startsWith("@GMT-")) {
      // What follows is about previous versions.
      isFirst = false;
    }
    const stream = /^stream: \[:(.+):\$DATA\], (\d+) bytes$/.exec(line);
    if (stream === null || !isFirst) continue;
    found.at(-1)!.push({ name: stream[1], size: Number(stream[2]) });
  }
  while (found.length < count) found.push([]);
  return found;
}
