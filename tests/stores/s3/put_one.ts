/** A process of its own for credentials_test.ts: `put_one.ts ENDPOINT BUCKET [PROFILE]` puts one object. */
import { HoldfastError } from "../../../src/core/error.ts";
import { openS3Store } from "../../../src/stores/s3/s3_store.ts";
import { testClock, testRetry } from "./open_store.ts";

const [endpoint, bucket, profile] = Deno.args;
const store = openS3Store({
  bucket,
  prefix: "",
  endpoint,
  ...(profile === undefined ? {} : { profile }),
  version: "0.0.0",
  clock: testClock,
  retry: testRetry,
});
try {
  await store.put("k", new TextEncoder().encode("x"), {});
  console.log("stored");
} catch (error) {
  if (!(error instanceof HoldfastError)) throw error;
  console.log(`[${error.kind}] ${error.message}\n    ${error.hint}`);
} finally {
  store.close();
}
