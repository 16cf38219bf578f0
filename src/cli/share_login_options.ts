import { HoldfastError } from "../core/error.ts";
import { parseSmbUrl, type SmbPlace } from "../core/smb_url.ts";
import type { LoginValues } from "./config_keys.ts";
import { loginOf } from "./config_shares.ts";
import type { ShareConfig } from "./job_config.ts";
import type { System } from "./system.ts";

export interface LoginArguments {
  readonly passwordFile?: string;
  readonly kerberos?: true;
}

/** A place of the command line with how to sign in there. Throws kind "usage". */
export function shareOf(system: System, url: string, given: LoginArguments): ShareConfig {
  const place = parseSmbUrl(url);
  const values: LoginValues = {
    ...(given.passwordFile === undefined ? {} : { password_file: given.passwordFile }),
    ...(given.kerberos === undefined ? {} : { auth: "kerberos" }),
  };
  return { place, login: loginOf(place, values, { folder: system.cwd, home: system.home }) };
}

export function refuseShareName({ share, host }: SmbPlace): void {
  if (share === "") return;
  throw new HoldfastError("usage", `${share} is a share already`, {
    hint: `\`holdfast shares smb://${host}\` lists all of a server`,
  });
}
