import type { ShareConfig, ShareLogin, SharesConfig } from "../cli/job_config.ts";
import type { ToolInput } from "../cli/runner.ts";
import { HoldfastError, isKind, messageOf } from "../core/error.ts";
import type { SmbPlace } from "../core/smb_url.ts";
import type { SmbLogin } from "../smb/client_session.ts";
import { forbidCoreFiles } from "../smb/core_files.ts";

export interface LoginDeps extends Pick<SharesConfig, "encryption"> {
  readonly askSecret: ToolInput<unknown>["askSecret"];
}

/** Milliseconds after which libsmbclient gives up a call: a disk of a server may have to wake up. */
const TIMEOUT_MS = 20_000;

/** What signs in at a share. Throws kind "denied" where there is no password. */
export async function loginTo(
  { place, login }: ShareConfig,
  { encryption, askSecret }: LoginDeps,
): Promise<SmbLogin> {
  const { host, port, domain, user } = place;
  forbidCoreFiles();
  return {
    ...{ host, port, domain, user: login.way === "guest" ? "" : user },
    password: login.way === "password" ? await passwordOf(place, login, askSecret) : "",
    kerberos: login.way === "kerberos",
    ...{ encryption, timeout: TIMEOUT_MS },
  };
}

/** Asked once for all shares of a user on a server. */
const asked = new Map<string, Promise<string>>();

async function passwordOf(
  place: SmbPlace,
  { file, variable }: ShareLogin & { readonly way: "password" },
  askSecret: LoginDeps["askSecret"],
): Promise<string> {
  if (file !== undefined) return passwordIn(file);
  if (variable !== undefined) return passwordFrom(variable);
  const { domain, user, host } = place;
  const who = `${domain === "" ? "" : `${domain}\\`}${user} at ${host}`;
  const answer = asked.get(who) ?? askSecret(`password of ${who}`);
  asked.set(who, answer);
  try {
    return await answer;
  } catch (error) {
    if (!isKind(error, "key")) throw error;
    throw noPassword(`there is no password of ${who}, and no terminal to ask for it at`, error);
  }
}

/** The file's first line. */
function passwordIn(file: string): string {
  try {
    return Deno.readTextFileSync(file).split(/\r?\n/, 1)[0];
  } catch (error) {
    throw noPassword(`the password file ${file} cannot be read: ${messageOf(error)}`, error);
  }
}

function passwordFrom(variable: string): string {
  const password = Deno.env.get(variable);
  if (password !== undefined) return password;
  throw noPassword(`${variable}, which password_env names, is not set in the environment`);
}

function noPassword(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError("denied", message, {
    hint: "set password_file or password_env in the config, or run it at a terminal",
    cause,
  });
}
