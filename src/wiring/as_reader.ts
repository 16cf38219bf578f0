import type { RunInput } from "../cli/runner.ts";
import { isFile } from "./open_log.ts";
import { standingOf } from "./restore_standing.ts";
import { withTemporaryIndex } from "./temporary_index.ts";

/**
 * Runs a command that compares the index with the store and records what it finds. On a machine that
 * does not write the job nothing is recorded, as with --dry-run; where it has no index, or one that
 * another machine has gone on from, over one that is read from the repository.
 */
export async function asReader<Options>(
  input: RunInput<Options>,
  run: (input: RunInput<Options>) => Promise<number>,
): Promise<number> {
  const standing = isFile(input.stateFile) ? await standingOf(input) : "behind";
  if (standing === "owner") return await run(input);
  const { output, globals } = input;
  if (!globals.dryRun) {
    const text = "this machine does not write the job: what is found is told, and not recorded";
    output.signal({ kind: "notice", text });
  }
  const looking = { ...input, globals: { ...globals, dryRun: true } };
  return standing === "reader" ? await run(looking) : await withTemporaryIndex(looking, run);
}
