import { join } from "node:path";
import type { Contender, Place } from "./contender.ts";
import type { Command } from "./measure.ts";
import { credentials, region } from "./server.ts";

const job = "bench";

/** Holdfast as started by `start`: an executable, or Deno with a script; `init` takes `more`. */
export function holdfast(
  name: string,
  version: string,
  start: readonly string[],
  more: readonly string[] = [],
): Contender {
  const backup = (place: Place) => holdfastCommand(start, place, ["backup"]);
  return {
    name,
    version,
    prepare: (place, source) => [
      holdfastCommand(start, place, ["init"], [
        ...["--source", source, "--repository", `s3://${place.bucket}/repository`],
        ...["--endpoint", `http://${place.host}`, "--region", region, ...more],
      ]),
    ],
    first: backup,
    unchanged: backup,
    scales: true,
  };
}

/** One command of holdfast on the benchmark's job at this place. */
export function holdfastCommand(
  start: readonly string[],
  { scratch }: Place,
  verb: readonly string[],
  options: readonly string[] = [],
): Command {
  return {
    argv: [...start, ...verb, "--job", job, "--quiet", ...options],
    env: {
      ...credentials,
      HOME: scratch,
      XDG_CONFIG_HOME: join(scratch, "config"),
      XDG_STATE_HOME: join(scratch, "state"),
    },
  };
}

/** The job's database at this place. */
export function databaseFile({ scratch }: Place): string {
  return join(scratch, "state", "holdfast", `${job}.db`);
}
