/** The stores that the end-to-end tests run against. */
import { startMoto } from "../servers/moto.ts";
import { freshBucketName, type S3Server } from "../servers/s3_server.ts";
import { startVersitygw, type Versitygw } from "../servers/versitygw.ts";
import { withFolder } from "../sources/tree_tools.ts";
import type { Place } from "./holdfast.ts";
import { folderJob, type JobOptions, s3Job } from "./place.ts";

/** A running versitygw with a folder of its own, whose access log and data can be looked at. */
export interface Gateway extends Versitygw {
  readonly folder: string;
}

/** Skipped, having said so, where versitygw is not installed. */
export function withGateway(use: (server: Gateway) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const server = await startVersitygw({ folder });
    if (server === undefined) return;
    try {
      await use({ ...server, folder });
    } finally {
      await server.stop();
    }
  });
}

/** Skipped, having said so, where moto is not installed. */
export async function withMoto(use: (server: S3Server) => Promise<void>): Promise<void> {
  const server = await startMoto();
  if (server === undefined) return;
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

/** A bucket of the server that no other test uses. */
export async function freshBucket(
  server: S3Server,
  options: { versioning?: boolean } = {},
): Promise<string> {
  const bucket = freshBucketName();
  await server.createBucket(bucket, options);
  return bucket;
}

/** What makes a job's repository once the test has made its source. */
export type InitJob = (place: Place, options?: JobOptions) => Promise<Place>;

/** One test for each store: its name, and how a job that backs up to it is made. */
export function onEachStore(
  name: (store: string) => string,
  test: (test: string, init: InitJob) => Promise<void>,
): void {
  const on = (store: string, run: (test: (init: InitJob) => Promise<void>) => Promise<void>) =>
    Deno.test(name(store), () => run((init) => test(name(store), init)));
  on("the folder store", (run) => run(folderJob));
  on("versitygw", (run) =>
    withGateway(async (server) => {
      const bucket = await freshBucket(server, { versioning: true });
      await run((place, options) => s3Job(place, server, bucket, options));
    }));
  on("moto", (run) =>
    withMoto(async (server) => {
      const bucket = await freshBucket(server, { versioning: true });
      await run((place, options) => s3Job(place, server, bucket, options));
    }));
}
