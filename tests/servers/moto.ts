import { ensureMoto } from "../../scripts/test_tools.ts";
import { createBucket, type S3Server } from "./s3_server.ts";
import { startServer } from "./server_process.ts";

const accessKey = "holdfastaccess";
const secretKey = "holdfastsecret";

/** undefined where moto is not installed and cannot be: the caller's tests are then skipped. */
export async function startMoto(): Promise<S3Server | undefined> {
  const program = await ensureMoto();
  if (program === undefined) return undefined;
  const { endpoint, stop } = await startServer({
    program,
    args: (port) => ["-H", "127.0.0.1", "-p", String(port)],
    readyPath: "/moto-api/",
  });
  return {
    endpoint,
    accessKey,
    secretKey,
    createBucket: (name, options) =>
      createBucket({ endpoint, accessKey, secretKey }, name, options),
    stop,
  };
}
