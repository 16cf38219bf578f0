import { freshBucketName, type S3Server } from "../../servers/s3_server.ts";
import { conformance, type Holds } from "../conformance.ts";
import { openTestStore } from "./open_store.ts";

export interface Suite {
  readonly name: string;
  readonly versioning: boolean;
  readonly puts: "auto" | "always-client";
  readonly prefix: string;
}

/** So that copies in parts are seen at work on objects of some MiB. */
const SMALLEST_PART = 5 * 1024 ** 2;

/** Every case of the conformance suite in a bucket of its own. */
export function conformanceOn(
  server: S3Server | undefined,
  suite: Suite,
  holds: Omit<Holds, "versions">,
): void {
  conformance(suite.name, async () => {
    const bucket = freshBucketName();
    await server!.createBucket(bucket, { versioning: suite.versioning });
    const { puts, prefix } = suite;
    const store = openTestStore(server!, bucket, { puts, prefix, largestCopy: SMALLEST_PART });
    return {
      store,
      holds: { ...holds, versions: suite.versioning },
      close: () => Promise.resolve(store.close()),
    };
  }, { ignore: server === undefined, sanitize: false });
}
