import { abortOpenUploads, type ListedUpload, listOpenUploads } from "../app/list_uploads.ts";
import { readOwnRepository, readRepositoryOf } from "../app/read_repository.ts";
import { inRun } from "../app/run.ts";
import type { RunInput, UploadsOptions } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { formatSize } from "../core/size_text.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { counted } from "../report/count_text.ts";
import { uploadLines, uploadRecord } from "../report/upload_text.ts";
import { configDigest } from "./config_digest.ts";
import { systemEnvironment } from "./environment.ts";
import { openForLook, openForWriting } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import { runShipper } from "./run_shipper.ts";

/** `holdfast uploads`. */
export async function runUploads(input: RunInput<UploadsOptions>): Promise<number> {
  const { output, options, globals } = input;
  const environment = systemEnvironment();
  const uploads = await look(input, environment);
  const now = Date.now();
  for (const upload of uploads) output.record(uploadRecord(upload, now));
  if (uploads.length > 0) output.text(...uploadLines(uploads, now));
  else output.signal({ kind: "notice", text: "no upload is open" });
  if (!options.abort || uploads.length === 0) return EXIT.done;
  const bytes = formatSize(uploads.reduce((sum, upload) => sum + upload.bytes, 0));
  const what = `abort ${counted(uploads.length, "upload")} with ${bytes} of parts`;
  if (globals.dryRun) {
    output.text(`plan: ${what}`);
    return EXIT.done;
  }
  if (await input.confirm(`${what}?`)) await abort(input, environment, uploads);
  else output.signal({ kind: "notice", text: "nothing was aborted" });
  return EXIT.done;
}

/** Without the writer lock: a question to a person may take long. */
async function look(
  input: RunInput<UploadsOptions>,
  environment: Environment,
): Promise<ListedUpload[]> {
  const log = openForLook(input);
  try {
    const before = Date.now() - (input.options.olderThan ?? 0);
    const { signal } = input;
    return await withStore(input, environment, { log, writes: false }, (store) => {
      return listOpenUploads(log, store, { before, signal });
    });
  } finally {
    log.close();
  }
}

async function abort(
  input: RunInput<UploadsOptions>,
  environment: Environment,
  uploads: readonly ListedUpload[],
): Promise<void> {
  const { job, output, signal } = input;
  const started = performance.now();
  const totals = { aborted: uploads.length, bytes: uploads.reduce((sum, u) => sum + u.bytes, 0) };
  const { log, close } = openForWriting(input, environment);
  try {
    const options = { command: "uploads", config: configDigest(job) };
    await withStore(
      input,
      environment,
      { log, writes: true },
      (store) =>
        inRun(log, environment, {
          ...options,
          shipper: runShipper(input, { log, store, environment }),
        }, async (run) => {
          await abortOpenUploads({ log, run, emit: output.signal, signal }, store, uploads);
          const counts = { aborted: `${totals.aborted}`, bytes: `${totals.bytes}` };
          return { result: undefined, outcome: EXIT.done, totals: counts };
        }),
    );
  } finally {
    close();
  }
  output.summary({
    ...{ record: "summary", command: "uploads", job: job.name, exit: EXIT.done },
    seconds: Math.round(performance.now() - started) / 1000,
    totals,
  }, [`aborted ${counted(uploads.length, "upload")}`]);
}

async function withStore<Result>(
  input: RunInput<UploadsOptions>,
  environment: Environment,
  { log, writes }: { readonly log: JobLog; readonly writes: boolean },
  use: (store: ObjectStore) => Promise<Result>,
): Promise<Result> {
  const { job, output, signal } = input;
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const store = await openStore(job, environment, { log, signal, notice, readOnly: true });
  try {
    if (writes) await readOwnRepository(store, log, job.recipients);
    else await readRepositoryOf(store, log);
    return await use(store);
  } finally {
    store.close();
  }
}
