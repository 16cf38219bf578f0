import { HoldfastError } from "../core/error.ts";
import type { SmbLogin } from "./client_session.ts";
import { runSmbclient } from "./smbclient_command.ts";

/** The name of a previous version, as it stands in paths: the UTC time at which it was made. */
export const VERSION_TOKEN = /^@GMT-\d{4}\.\d\d\.\d\d-\d\d\.\d\d\.\d\d$/;

/** Names of a share's previous versions, the newest first. */
export async function previousVersions(
  login: SmbLogin,
  share: string,
  signal: AbortSignal,
): Promise<string[]> {
  const commands = ['allinfo ""'];
  const said = await runSmbclient({ login, share, commands, signal });
  const tokens = said.split("\n").filter((line) => VERSION_TOKEN.test(line));
  return [...new Set(tokens)].sort().reverse();
}

/** Throws kind "gone" where the share has none. */
export async function latestVersion(
  login: SmbLogin,
  share: string,
  signal: AbortSignal,
): Promise<string> {
  const [latest] = await previousVersions(login, share, signal);
  if (latest !== undefined) return latest;
  throw new HoldfastError("gone", `the share ${share} has no previous versions`, {
    hint: "turn them on at the server, or remove smb_snapshot to read the files as they are",
  });
}
