import { findRepository } from "../app/read_repository.ts";
import type { RunInput } from "../cli/runner.ts";
import { isKind } from "../core/error.ts";
import type { Environment } from "../ports/environment.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { missingDatabase } from "../sqlite/database.ts";
import { copyDatabase } from "../sqlite/job_log.ts";
import { systemEnvironment } from "./environment.ts";
import { isFile } from "./open_log.ts";
import { storeOpener } from "./open_store.ts";
import { rebuildDatabase } from "./rebuild_database.ts";
import { passingSigner } from "./signing_key.ts";

/**
 * Runs a command that reads the index: on a machine without the job's database over one that is made
 * from the repository for this command alone. Nothing is taken over, and nothing is left.
 */
export async function withIndex<Options>(
  input: RunInput<Options>,
  run: (input: RunInput<Options>) => Promise<number>,
): Promise<number> {
  if (isFile(input.stateFile)) return await run(input);
  return await withTemporaryIndex(input, run);
}

export function withTemporaryIndex<Options>(
  input: RunInput<Options>,
  run: (input: RunInput<Options>) => Promise<number>,
): Promise<number> {
  return inFolder(input, run, (file) => makeIndex(input, systemEnvironment(), file));
}

/** The same over a copy of this machine's database, which is left as it is. */
export function withCopiedIndex<Options>(
  input: RunInput<Options>,
  run: (input: RunInput<Options>) => Promise<number>,
): Promise<number> {
  return inFolder(input, run, (file) => copyDatabase(input.stateFile, file));
}

async function inFolder<Options>(
  input: RunInput<Options>,
  run: (input: RunInput<Options>) => Promise<number>,
  make: (file: string) => void | Promise<void>,
): Promise<number> {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-index-" });
  const stateFile = `${folder}/${input.job.name}.db`;
  try {
    await make(stateFile);
    return await run({ ...input, stateFile });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function makeIndex(
  input: RunInput<unknown>,
  environment: Environment,
  file: string,
): Promise<void> {
  const { output, stateFile } = input;
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const store = await openRepository(input, environment);
  try {
    if (await findRepository(store) === undefined) throw missingDatabase(stateFile);
    notice(
      isFile(stateFile)
        ? "this machine's database is behind: the index is read from the repository for this command"
        : "there is no database of this job on this machine: its index is read from the repository " +
          "for this command; `holdfast rebuild` keeps one",
    );
    const report = await rebuildDatabase(input, environment, store, {
      ...{ file, signerOf: () => undefined, newSigner: passingSigner },
    });
    for (const text of [...report.missing, ...report.unknown]) notice(text);
  } finally {
    store.close();
  }
}

/** Where not even the repository is there, it is the database that is missed. */
async function openRepository(
  { job, stateFile, output, signal }: RunInput<unknown>,
  environment: Environment,
): Promise<ObjectStore> {
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const open = await storeOpener(job, environment, { readOnly: true, signal, notice });
  try {
    return open();
  } catch (error) {
    if (isKind(error, "no-repository")) throw missingDatabase(stateFile);
    throw error;
  }
}
