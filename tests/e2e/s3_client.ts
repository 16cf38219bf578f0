import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { defaultRetryPolicy } from "../../src/stores/s3/options.ts";
import { openTransport } from "../../src/stores/s3/open_transport.ts";
import type { S3Server } from "../servers/s3_server.ts";

export type Server = Pick<S3Server, "endpoint" | "accessKey" | "secretKey">;

/** A client of the SDK, for what the program is not asked. */
export async function openClient(
  { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey }: Server,
  more: S3ClientConfig = {},
): Promise<S3Client> {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    requestHandler: await openTransport(defaultRetryPolicy) as S3ClientConfig["requestHandler"],
    credentials: { accessKeyId, secretAccessKey },
    ...more,
  });
}

export async function withClient<Result>(
  server: Server,
  use: (client: S3Client) => Promise<Result>,
): Promise<Result> {
  const client = await openClient(server);
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}
