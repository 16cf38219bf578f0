import { HoldfastError, messageOf } from "../core/error.ts";
import { childEnvironment } from "./child_environment.ts";
import type { SmbLogin } from "./client_session.ts";

/** A program beside libsmbclient, for the few things that the library has no call for. */
export interface SmbclientRun {
  readonly login: SmbLogin;
  readonly share: string;
  /** One a line; names in quotes. */
  readonly commands: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Runs `smbclient`; what it said. The login goes through a file that only this user may read and that is
 * gone afterwards: arguments and environment are for everybody to see. Throws kind "failed" where it is
 * not installed or cannot connect.
 */
export async function runSmbclient(
  { login, share, commands, signal }: SmbclientRun,
): Promise<string> {
  const file = await Deno.makeTempFile({ prefix: "holdfast-smb-" });
  try {
    await Deno.writeTextFile(file, loginText(login));
    const child = startSmbclient(argumentsFor(login, share, file), signal);
    const writer = child.stdin.getWriter();
    const written = writer.write(new TextEncoder().encode(`${commands.join("\n")}\n`))
      .then(() => writer.close());
    // Where it ends early its output says why.
    written.catch(() => {});
    const { stdout, success } = await child.output();
    const said = new TextDecoder().decode(stdout);
    if (!success && !said.includes("altname:")) throw failed(said);
    return said;
  } finally {
    await Deno.remove(file);
  }
}

function startSmbclient(args: readonly string[], signal: AbortSignal): Deno.ChildProcess {
  try {
    return new Deno.Command("smbclient", {
      args: [...args],
      env: childEnvironment(),
      clearEnv: true,
      ...{ stdin: "piped", stdout: "piped", stderr: "null", signal },
    }).spawn();
  } catch (cause) {
    throw new HoldfastError("failed", `smbclient cannot be started: ${messageOf(cause)}`, {
      hint: "install the package smbclient",
      cause,
    });
  }
}

function loginText({ domain, user, password }: SmbLogin): string {
  const lines = [`username=${user}`, `password=${password}`];
  return [...lines, ...(domain === "" ? [] : [`domain=${domain}`]), ""].join("\n");
}

function argumentsFor(login: SmbLogin, share: string, file: string): string[] {
  const { host, port, user, kerberos, encryption } = login;
  const who = kerberos ? ["--use-kerberos=required"] : user === "" ? ["-N"] : ["-A", file];
  const protection = encryption === "required" ? ["--client-protection=encrypt"] : [];
  return [...who, ...protection, "-p", String(port), `//${host}/${share}`];
}

function failed(said: string): HoldfastError {
  const why = /NT_STATUS_\w+/.exec(said)?.[0] ?? "it says nothing";
  return new HoldfastError("failed", `smbclient cannot read the share: ${why}`, {
    hint: "`holdfast doctor` tries each step of reaching it",
  });
}
