import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { defaultRetryPolicy } from "../../src/stores/s3/options.ts";
import { openTransport } from "../../src/stores/s3/open_transport.ts";

/** A running S3 server, as tests see it. */
export interface S3Server {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  createBucket(name: string, options?: BucketOptions): Promise<void>;
  stop(): Promise<void>;
}

export interface BucketOptions {
  readonly versioning?: boolean;
  /** Object Lock, and with it versioning. */
  readonly lock?: boolean;
}

export async function createBucket(
  server: { endpoint: string; accessKey: string; secretKey: string },
  name: string,
  { versioning = false, lock = false }: BucketOptions = {},
): Promise<void> {
  const config: S3ClientConfig = {
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    requestHandler: await openTransport(defaultRetryPolicy) as S3ClientConfig["requestHandler"],
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
  };
  const client = new S3Client(config);
  try {
    await client.send(
      new CreateBucketCommand({
        Bucket: name,
        ...(lock ? { ObjectLockEnabledForBucket: true } : {}),
      }),
    );
    if (versioning) {
      await client.send(
        new PutBucketVersioningCommand({
          Bucket: name,
          VersioningConfiguration: { Status: "Enabled" },
        }),
      );
    }
  } finally {
    client.destroy();
  }
}

let buckets = 0;

/** A bucket name that no other test of this process has. */
export function freshBucketName(): string {
  return `bucket-${Deno.pid}-${++buckets}`;
}
