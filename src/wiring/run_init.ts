import { dirname } from "node:path";
import { initRepository } from "../app/init_repository.ts";
import type { InitOptions, RunInput } from "../cli/runner.ts";
import { makePrivateFolder } from "../cli/state_file.ts";
import { EXIT } from "../core/exit_code.ts";
import { platformHashing } from "../crypto/hashing.ts";
import type { Feature, StoreFeatures } from "../ports/object_store.ts";
import { createJobLog, openJobLog } from "../sqlite/job_log.ts";
import { takeWriterLock } from "../sqlite/writer_lock.ts";
import { systemEnvironment } from "./environment.ts";
import { openStore } from "./open_store.ts";
import { keyFile } from "./own_paths.ts";
import { signingKey } from "./signing_key.ts";
import { configDigest } from "./config_digest.ts";

/** `holdfast init`. */
export async function runInit(input: RunInput<InitOptions>): Promise<number> {
  const { job, stateFile, output, signal } = input;
  const environment = systemEnvironment();
  const { sha256 } = platformHashing;
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const store = await openStore(job, environment, { create: true, signal, notice });
  makePrivateFolder(dirname(stateFile));
  const lock = takeWriterLock(stateFile, job.name, {
    ...{ pid: environment.pid, host: environment.hostname },
    since: new Date().toISOString(),
  });
  try {
    output.signal({ kind: "phase", name: "probe" });
    const tools = { clock: environment.clock, sha256 };
    const report = await initRepository({
      environment,
      store,
      openLog: () =>
        exists(stateFile) ? openJobLog(stateFile, tools, { mode: "write" }) : undefined,
      createLog: (genesis) => createJobLog(stateFile, genesis, tools),
      signingKey: () => signingKey(keyFile(stateFile)),
    }, {
      job: job.name,
      config: JSON.parse(job.text),
      configDigest: configDigest(job),
    });
    const { repository, key, existed, features } = report;
    const words = existed ? "found" : "made";
    const totals = { repository, key, url: store.url, existed };
    output.summary({
      ...{ record: "summary", command: "init", job: job.name, exit: EXIT.done },
      ...{ seconds: 0, totals },
    }, [
      `${words} the repository ${repository} at ${store.url}`,
      `its log's heads are signed by the Ed25519 key ${key}`,
      ...lacking(features),
    ]);
    return EXIT.done;
  } finally {
    store.close();
    lock.release();
  }
}

function lacking(features: StoreFeatures): string[] {
  return (Object.values(features) as Feature[]).flatMap((feature) =>
    feature.works ? [] : [`note: ${feature.reason}`]
  );
}

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}
