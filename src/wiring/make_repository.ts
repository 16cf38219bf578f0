import { renamedSources } from "../app/name_sources.ts";
import { findRepository } from "../app/read_repository.ts";
import type { JobConfig } from "../cli/job_config.ts";
import type { BackupOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import { displayPath, textOfJson } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { systemEnvironment } from "./environment.ts";
import { isFile, openLogAlone } from "./open_log.ts";
import { storeOpener } from "./open_store.ts";
import { runInit } from "./run_init.ts";

/**
 * `backup --to` and `sync`: makes the repository, as `init` does, where neither a database nor
 * anything else is there, and finishes one that was cut off. Throws kind "no-repository", having
 * written nothing, where a repository is there and no database, and where the prefix holds objects
 * of others. "planned" with `--dry-run` where there is no repository yet.
 */
export async function makeRepository(
  input: RunInput<BackupOptions>,
): Promise<"there" | "made" | "planned"> {
  if (isFile(input.stateFile)) {
    if (isInitialized(input)) return "there";
  } else {
    await refuseWhatIsThere(input);
  }
  const { output, globals, job } = input;
  if (!globals.dryRun) {
    const text = `there is no repository at ${job.repository.url} yet: making one, as init does`;
    output.signal({ kind: "notice", text });
  }
  await runInit({ ...input, options: {} });
  if (!globals.dryRun) return "made";
  const sources = job.sources.map(({ path }) => displayPath(path)).join(", ");
  output.text(`plan: then back up all of ${sources}; what that takes is known once it is made`);
  return "planned";
}

/** An init that was cut off has made the database and not recorded the repository. */
function isInitialized(input: RunInput<BackupOptions>): boolean {
  const log = openLogAlone(input);
  try {
    // What a repository has given back.
    if (log.base !== undefined) return true;
    for (const _ of log.lines({ type: "RepositoryCreated" })) return true;
    return false;
  } finally {
    log.close();
  }
}

async function refuseWhatIsThere(
  { job, stateFile, output, signal }: RunInput<BackupOptions>,
): Promise<void> {
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const open = await storeOpener(job, systemEnvironment(), { create: true, signal, notice });
  const store = open();
  try {
    const found = await findRepository(store);
    const { url } = job.repository;
    const context = { url, file: stateFile };
    const at = job.s3.endpoint === undefined ? "" : ` --endpoint ${job.s3.endpoint}`;
    if (found !== undefined) {
      throw new HoldfastError(
        "no-repository",
        `${url} holds the repository ${found.repository}, and this machine has no database for it`,
        { context, hint: `run \`holdfast rebuild --from ${url}${at}\`; nothing was written` },
      );
    }
    const key = await firstKey(store);
    if (key === undefined) return;
    throw new HoldfastError(
      "no-repository",
      `${url} is not empty (${displayPath(key)}) and holds no repository`,
      {
        context,
        hint: "choose an empty prefix; where another tool has put your files there, run " +
          "`holdfast init` and `holdfast adopt`; nothing was written",
      },
    );
  } finally {
    store.close();
  }
}

async function firstKey(store: ObjectStore): Promise<string | undefined> {
  for await (const page of store.list("")) {
    const [first] = page.filter(({ key }) => !key.startsWith(".holdfast/"));
    if (first !== undefined) return first.key;
  }
  return undefined;
}

/**
 * The name of such a database comes from the URL alone. So other sources than those of the last
 * time are most likely a mistake, which would put one folder's files over another's: kind "guard".
 */
export function refuseOtherSources(
  log: JobLog,
  { sources, repository }: JobConfig,
  { acceptDeletions }: BackupOptions,
): void {
  if (acceptDeletions) return;
  const known = log.index.sources().filter(({ scanned }) => scanned > 0);
  const given = new Map(sources.map(({ name, path }) => [name, path]));
  for (const { from, to } of renamedSources(log.index, sources)) given.set(from, given.get(to)!);
  const other = known.find(({ name, path }) => given.get(name) !== textOfJson(JSON.parse(path)));
  if (other === undefined) return;
  const before = known.map(({ path }) => displayPath(textOfJson(JSON.parse(path))));
  throw new HoldfastError(
    "guard",
    `${repository.url} holds the backup of ${before.join(", ")}, not of ` +
      sources.map(({ path }) => displayPath(path)).join(", "),
    {
      context: { url: repository.url },
      hint: "choose another prefix; where the same data only moved to another place, run again " +
        "with --accept-deletions",
    },
  );
}
