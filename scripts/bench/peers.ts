import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import type { Contender, Place } from "./contender.ts";
import type { Command } from "./measure.ts";
import { credentials, region } from "./server.ts";

/** The other tools of which a program lies in `folder`. */
export async function installedPeers(folder: string): Promise<Contender[]> {
  return await installed(folder, [
    { name: "s5cmd", known: "v2.3.0", make: s5cmd }, // built from source, it does not know its own
    { name: "rclone", ask: "version", make: rclone },
    { name: "restic", ask: "version", make: restic },
    { name: "kopia", ask: "--version", make: kopia },
  ]);
}

export interface Tool<Made> {
  readonly name: string;
  /** The argument that makes it print its version. */
  readonly ask?: string;
  readonly known?: string;
  readonly make: (program: string, version: string) => Made;
}

export async function installed<Made>(
  folder: string,
  tools: readonly Tool<Made>[],
): Promise<Made[]> {
  const found: Made[] = [];
  for (const { name, ask = "version", known, make } of tools) {
    const program = join(folder, name);
    if (!existsSync(program)) continue;
    found.push(make(program, known ?? await versionOf([program, ask])));
  }
  return found;
}

async function versionOf(argv: string[]): Promise<string> {
  const { stdout, stderr } = await run(argv);
  return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? "unknown";
}

function s5cmd(program: string, version: string): Contender {
  const command = (verb: string) => (place: Place, source: string) =>
    s5cmdCommand(program, place, [verb, `${source}/`, `s3://${place.bucket}/`]);
  return {
    name: "s5cmd",
    version,
    prepare: () => [],
    first: command("cp"),
    unchanged: command("sync"),
    scales: false,
  };
}

export function s5cmdCommand(program: string, { host }: Place, args: readonly string[]): Command {
  return {
    argv: [program, "--log", "error", "--endpoint-url", `http://${host}`, ...args],
    env: { ...credentials, AWS_REGION: region },
  };
}

function rclone(program: string, version: string): Contender {
  const sync = (place: Place, source: string) => rcloneSync(program, place, source);
  return {
    name: "rclone",
    version,
    prepare: () => [],
    first: sync,
    unchanged: sync,
    scales: false,
  };
}

export function rcloneSync(
  program: string,
  { host, bucket, scratch }: Place,
  source: string,
  more: readonly string[] = [],
): Command {
  return {
    argv: [program, "sync", "--transfers", "32", "--checkers", "32", "--fast-list"].concat(
      ["--log-level", "ERROR", ...more, source, `bench:${bucket}`],
    ),
    env: {
      RCLONE_CONFIG: join(scratch, "rclone.conf"),
      RCLONE_CONFIG_BENCH_TYPE: "s3",
      RCLONE_CONFIG_BENCH_PROVIDER: "Other",
      RCLONE_CONFIG_BENCH_ENDPOINT: `http://${host}`,
      RCLONE_CONFIG_BENCH_REGION: region,
      RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: credentials.AWS_ACCESS_KEY_ID,
      RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: credentials.AWS_SECRET_ACCESS_KEY,
    },
  };
}

export function restic(program: string, version: string): Contender {
  const command = (...args: string[]) => ({ host, bucket, scratch }: Place) => ({
    argv: [program, "--quiet", "--repo", `s3:http://${host}/${bucket}`, ...args],
    env: {
      ...credentials,
      AWS_DEFAULT_REGION: region,
      RESTIC_PASSWORD: "bench",
      RESTIC_CACHE_DIR: join(scratch, "restic-cache"),
    },
  });
  const backup = (place: Place, source: string) => command("backup", source)(place);
  return {
    name: "restic",
    version,
    prepare: (place) => [command("init")(place)],
    first: backup,
    unchanged: backup,
    scales: true,
  };
}

export function kopiaCommand(
  program: string,
  { scratch }: Place,
  args: readonly string[],
): Command {
  return {
    argv: [program, ...args],
    env: {
      KOPIA_PASSWORD: "bench",
      KOPIA_CONFIG_PATH: join(scratch, "kopia.config"),
      KOPIA_CACHE_DIRECTORY: join(scratch, "kopia-cache"),
      KOPIA_LOG_DIR: join(scratch, "kopia-log"),
      KOPIA_CHECK_FOR_UPDATES: "false",
    },
  };
}

export function kopia(program: string, version: string): Contender {
  const command = (place: Place, ...args: string[]) => kopiaCommand(program, place, args);
  const create = (place: Place) =>
    command(place, "repository", "create", "s3", "--disable-tls").argv.concat(
      ["--endpoint", place.host, "--bucket", place.bucket, "--region", region],
      ["--access-key", credentials.AWS_ACCESS_KEY_ID],
      ["--secret-access-key", credentials.AWS_SECRET_ACCESS_KEY],
    );
  const backup = (place: Place, source: string) =>
    command(place, "snapshot", "create", "--no-progress", source);
  return {
    name: "kopia",
    version,
    prepare: (place) => [{ ...command(place), argv: create(place) }],
    first: backup,
    unchanged: backup,
    scales: true,
  };
}
