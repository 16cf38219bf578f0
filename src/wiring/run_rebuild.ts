import { dirname } from "node:path";
import { readRepository } from "../app/read_repository.ts";
import type { NoOptions, RunInput } from "../cli/runner.ts";
import { makePrivateFolder } from "../cli/state_file.ts";
import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { rebuildLines } from "../report/rebuild_text.ts";
import { systemEnvironment } from "./environment.ts";
import { isFile, takeJobLock } from "./open_log.ts";
import { storeOpener } from "./open_store.ts";
import { pendingKeyFile } from "./own_paths.ts";
import { rebuildDatabase, type RebuiltDatabase } from "./rebuild_database.ts";
import { newSigner, settlePendingKey, signerOfKey } from "./signing_key.ts";
import { refuseNetworkFolder } from "./state_place.ts";

/** `holdfast rebuild`. */
export async function runRebuild(input: RunInput<NoOptions>): Promise<number> {
  const { stateFile, globals } = input;
  if (isFile(stateFile)) throw databaseExists(stateFile);
  const started = performance.now();
  if (globals.dryRun) return await plan(input);
  const environment = systemEnvironment();
  makePrivateFolder(dirname(stateFile));
  refuseNetworkFolder(dirname(stateFile));
  const lock = takeJobLock(input, environment);
  try {
    if (isFile(stateFile)) throw databaseExists(stateFile);
    const report = await rebuildHere(input);
    return show(input, report, performance.now() - started);
  } finally {
    lock.release();
  }
}

/** The job's database in its place, under the writer lock. */
export async function rebuildHere(input: RunInput<unknown>): Promise<RebuiltDatabase> {
  const { job, output, signal, stateFile } = input;
  const environment = systemEnvironment();
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const open = await storeOpener(job, environment, { signal, notice });
  const store = open();
  try {
    const report = await rebuildDatabase(input, environment, store, {
      file: stateFile,
      signerOf: (key) => signerOfKey(stateFile, key),
      newSigner: () => newSigner(pendingKeyFile(stateFile)),
    });
    if (report.writable) settlePendingKey(stateFile, report.key);
    return report;
  } finally {
    store.close();
  }
}

async function plan({ job, output, signal, stateFile }: RunInput<NoOptions>): Promise<number> {
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const open = await storeOpener(job, systemEnvironment(), { readOnly: true, signal, notice });
  const store = open();
  try {
    const { repository } = await readRepository(store);
    output.text(
      `plan: make the database ${stateFile} from the repository ${repository} at ${store.url}`,
    );
    return EXIT.done;
  } finally {
    store.close();
  }
}

function databaseExists(file: string): HoldfastError {
  return new HoldfastError("usage", `there is a database at ${file} already`, {
    context: { file },
    hint: "`holdfast replay` makes its index anew from its log; to go on with a job that another " +
      "machine has written, `holdfast takeover`; nothing was written",
  });
}

/** Returns the exit code. */
function show(
  { output, job, stateFile }: RunInput<NoOptions>,
  report: RebuiltDatabase,
  ms: number,
): number {
  const { repository, shipped, segments, objects, records, way, writable, origins } = report;
  const { missing, unknown } = report;
  const exit = missing.length + unknown.length === 0 ? EXIT.done : EXIT.damage;
  output.summary({
    ...{ record: "summary", command: "rebuild", job: job.name, exit },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...{ repository, way, segments, objects, records, writable },
      ...{ position: shipped.position, head: shipped.hash },
      ...{ origins, missing: [...missing], unknown: [...unknown] },
      base: origins.checkpoint?.position ?? null,
      digests: { ...report.digests },
    },
  }, [
    `rebuilt ${stateFile} of the repository ${repository}, up to position ${shipped.position} of ` +
    `its log, head ${shipped.hash}`,
    ...rebuildLines(report),
    ...Object.entries(report.digests).map(([name, digest]) => `${name} ${digest}`),
    writable
      ? "this machine has the job's key: the next run goes on"
      : "this machine does not have the job's key: the index is for reading; to go on here, " +
        "`holdfast takeover`",
  ]);
  return exit;
}
