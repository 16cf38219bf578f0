/** What the tests of the S3 store share: opening it on a test server, with waits that are short. */
import type { Clock } from "../../../src/ports/environment.ts";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import type { S3StoreOptions } from "../../../src/stores/s3/options.ts";
import { openS3Store } from "../../../src/stores/s3/s3_store.ts";
import { HoldfastError } from "../../../src/core/error.ts";

export const testClock: Clock = {
  now: () => BigInt(Date.now()) * 1_000_000n,
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new HoldfastError("interrupted", "interrupted while waiting"));
      }, { once: true });
    });
  },
};

export const testRetry = {
  firstDelayMs: 1,
  longestDelayMs: 5,
  mostTries: 20,
  idleMs: 20_000,
} as const;

export interface TestServer {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export function openTestStore(
  server: TestServer,
  bucket: string,
  options: Partial<S3StoreOptions> = {},
): ObjectStore {
  return openS3Store({
    bucket,
    prefix: "",
    endpoint: server.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    version: "0.0.0",
    clock: testClock,
    retry: testRetry,
    ...options,
  });
}
