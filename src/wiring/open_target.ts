import type { RestoreDeps } from "../app/restore_deps.ts";
import type { ShareLogin } from "../cli/job_config.ts";
import type { RunInput } from "../cli/runner.ts";
import { HoldfastError, isKind } from "../core/error.ts";
import { isSmbUrl, parseSmbUrl, type SmbPlace } from "../core/smb_url.ts";
import type { Environment } from "../ports/environment.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { SmbLogin } from "../smb/client_session.ts";
import { openLocalTarget } from "../targets/local/local_target.ts";
import { loginTo } from "./share_login.ts";

type TargetInput = Pick<
  RunInput<{ readonly passwordFile?: string }>,
  "job" | "options" | "askSecret"
>;

/** Where `--to` says: a folder, or a share, for which a password may be asked here. */
export async function targetFor(
  input: TargetInput,
  to: string,
  { random }: Environment,
): Promise<Pick<RestoreDeps, "openTarget" | "windows">> {
  if (!isSmbUrl(to)) {
    const openTarget = () => openLocalTarget(to, { random: random.bytes });
    return { openTarget, windows: Deno.build.os === "windows" };
  }
  const { place, login } = await signedIn(input, to);
  const { openShareTarget } = await import("../targets/smb/share_target.ts");
  // Whatever runs the server, a share has the names that Windows has.
  return {
    openTarget: () => openShareTarget(place, login, { random: random.bytes }),
    windows: true,
  };
}

/** The same to be looked at: nothing is made. undefined where it is not there. */
export async function targetToLookAt(
  input: TargetInput,
  to: string,
  { random }: Environment,
): Promise<RestoreTarget | undefined> {
  if (isSmbUrl(to)) {
    const { place, login } = await signedIn(input, to);
    const { findShareTarget } = await import("../targets/smb/share_target.ts");
    return findShareTarget(place, login, { random: random.bytes });
  }
  return isFolder(to) ? openLocalTarget(to, { random: random.bytes }) : undefined;
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

async function signedIn(
  input: TargetInput,
  to: string,
): Promise<{ readonly place: SmbPlace; readonly login: SmbLogin }> {
  const place = parseSmbUrl(to);
  const { askSecret, job: { shares: { encryption } } } = input;
  const share = { place, login: loginFor(input, place) };
  const login = await loginTo(share, { encryption, askSecret }).catch(namingOption);
  if (encryption === "required") {
    const { demandEncryption } = await import("../smb/negotiate.ts");
    await demandEncryption(login, login.timeout);
  }
  return { place, login };
}

function namingOption(error: unknown): never {
  if (!isKind(error, "denied")) throw error;
  const { message, context } = error;
  const hint = "name a file with it by --password-file, or run it at a terminal";
  throw new HoldfastError("denied", message, { context, hint, cause: error });
}

/** As the option says, else as the job signs in at the same server as the same user. */
function loginFor({ job, options }: TargetInput, place: SmbPlace): ShareLogin {
  const { passwordFile } = options;
  if (passwordFile !== undefined && place.user !== "") {
    return { way: "password", file: passwordFile };
  }
  const known = job.sources.find(({ share }) =>
    share?.place.host === place.host && share.place.port === place.port &&
    share.place.user === place.user && share.place.domain === place.domain
  );
  return known?.share?.login ?? { way: place.user === "" ? "guest" : "password" };
}
