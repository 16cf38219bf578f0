import { join } from "node:path";
import { ensureVersitygw } from "../../scripts/test_tools.ts";
import { createBucket, type S3Server } from "./s3_server.ts";
import { startServer } from "./server_process.ts";
import { settledLog } from "./settled_log.ts";

export interface Versitygw extends S3Server {
  /** Requests so far by operation ("PutObject"), from the server's own access log. */
  accessLog(): Promise<Record<string, number>>;
}

export interface VersitygwOptions {
  /** Where data, versions and log go; else a temporary folder that is removed by `stop`. */
  readonly folder?: string;
}

const accessKey = "holdfastaccess";
const secretKey = "holdfastsecret";

/** undefined where versitygw is not installed and cannot be: the caller's tests are then skipped. */
export async function startVersitygw(
  options: VersitygwOptions = {},
): Promise<Versitygw | undefined> {
  const program = await ensureVersitygw();
  if (program === undefined) return undefined;
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "holdfast-versitygw-" });
  const removeFolder = async () => {
    if (options.folder === undefined) await Deno.remove(folder, { recursive: true });
  };
  const [data, versions] = [join(folder, "data"), join(folder, "versions")];
  const log = join(folder, "access.log");
  for (const made of [data, versions]) await Deno.mkdir(made, { recursive: true });
  try {
    const server = await startServer({
      program,
      args: (port) => [
        ...["--port", `127.0.0.1:${port}`, "--region", "us-east-1", "--quiet", "--keep-alive"],
        ...["--access-log", log, "--health", "/health"],
        ...["posix", "--versioning-dir", versions, data],
      ],
      env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
      readyPath: "/health",
    });
    const { endpoint } = server;
    return {
      endpoint,
      accessKey,
      secretKey,
      createBucket: (name, options) =>
        createBucket({ endpoint, accessKey, secretKey }, name, options),
      accessLog: () => countOperations(log),
      async stop() {
        await server.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** The log is S3's server access format; the operation reads `s3_PutObject`. */
async function countOperations(log: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [, operation] of (await settledLog(log)).matchAll(/ s3_(\w+) /g)) {
    counts[operation] = (counts[operation] ?? 0) + 1;
  }
  return counts;
}
