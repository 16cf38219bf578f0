import { createServer } from "node:net";
import { mkdir, rm } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";

export const credentials = { AWS_ACCESS_KEY_ID: "bench", AWS_SECRET_ACCESS_KEY: "bench-secret" };
export const region = "us-east-1";

export interface BenchServer {
  /** "127.0.0.1:PORT". */
  readonly host: string;
  readonly createBucket: (name: string) => Promise<void>;
  /** Removes a bucket and all in it behind the server's back, which takes no requests. */
  readonly dropBucket: (name: string) => Promise<void>;
  /** Where a bucket's objects lie as files. */
  readonly folderOf: (bucket: string) => string;
  /** Requests answered so far. */
  readonly requests: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts versitygw on a free loopback port, keeping its data and its access log in `folder`. */
export async function startServer(program: string, folder: string): Promise<BenchServer> {
  const [data, versions] = [join(folder, "data"), join(folder, "versions")];
  const log = join(folder, "access.log");
  for (const path of [data, versions]) await mkdir(path, { recursive: true });
  const host = `127.0.0.1:${await freePort()}`;
  const child = new Deno.Command(program, {
    args: ["--port", host, "--region", region, "--quiet", "--keep-alive", "--access-log", log]
      .concat(["posix", "--versioning-dir", versions, data]),
    env: {
      ROOT_ACCESS_KEY: credentials.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: credentials.AWS_SECRET_ACCESS_KEY,
    },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const client = new S3Client({
    endpoint: `http://${host}`,
    region,
    forcePathStyle: true,
    credentials: {
      accessKeyId: credentials.AWS_ACCESS_KEY_ID,
      secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY,
    },
  });
  await untilItAnswers(host);
  return {
    host,
    createBucket: async (name) => void await client.send(new CreateBucketCommand({ Bucket: name })),
    dropBucket: async (name) => {
      await rm(join(data, name), { recursive: true, force: true });
      await rm(join(versions, name), { recursive: true, force: true });
    },
    folderOf: (bucket) => join(data, bucket),
    requests: () => lines(log),
    stop: async () => {
      client.destroy();
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function untilItAnswers(host: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await (await fetch(`http://${host}/`)).body?.cancel();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`versitygw does not answer on ${host}`);
}

function lines(file: string): number {
  try {
    return readFileSync(file).reduce((count, byte) => byte === 10 ? count + 1 : count, 0);
  } catch {
    return 0;
  }
}
