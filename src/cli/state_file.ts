import { dirname, join } from "node:path";
import { HoldfastError, messageOf } from "../core/error.ts";
import { absolutePath } from "./local_path.ts";
import { stateFolder } from "./standard_places.ts";
import type { System } from "./system.ts";

/** The job's database: `--state FILE`, else `<job>.db` in the platform's place for state. */
export function stateFile(system: System, job: string, option: string | undefined): string {
  return option === undefined
    ? join(stateFolder(system), `${job}.db`)
    : absolutePath(option, { folder: system.cwd, home: system.home });
}

/** Makes the folder of a file and what is missing above it, for this user alone (0700). */
export function makePrivateFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new HoldfastError("failed", `the folder cannot be made: ${messageOf(cause)}`, {
      context: { folder },
      hint: "make it by hand, or name another state with --state FILE",
      cause,
    });
  }
}

/** `<state folder>/logs/<job>`, beside the database. */
export function defaultLogFolder(state: string, job: string): string {
  return join(dirname(state), "logs", job);
}
