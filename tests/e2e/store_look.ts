/** Looks at a bucket from outside, with the plain SDK, and at versitygw's access log. */
import {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { settledLog } from "../servers/settled_log.ts";
import { type Server, withClient } from "./s3_client.ts";

/** Every version and delete marker of a bucket, one line each, sorted. */
export function listVersions(server: Server, bucket: string): Promise<string[]> {
  return withClient(server, async (client) => {
    const lines: string[] = [];
    for (let at: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}; at;) {
      const page: Awaited<ReturnType<typeof versionsPage>> = await versionsPage(client, bucket, at);
      for (const { Key, VersionId, ETag, Size } of page.Versions ?? []) {
        lines.push(`${Key} ${VersionId} ${ETag} ${Size}`);
      }
      for (const { Key, VersionId } of page.DeleteMarkers ?? []) {
        lines.push(`${Key} ${VersionId} deleted`);
      }
      at = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined;
    }
    return lines.sort();
  });
}

function versionsPage(
  client: S3Client,
  Bucket: string,
  at: { KeyMarker?: string; VersionIdMarker?: string },
) {
  return client.send(new ListObjectVersionsCommand({ Bucket, ...at }));
}

/** Keys of the multipart uploads that are open. */
export function listUploads(server: Server, bucket: string): Promise<string[]> {
  return withClient(server, async (client) => {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return (page.Uploads ?? []).map(({ Key }) => Key!);
  });
}

/** Numbers of the parts that the one open upload has; [] where none is open. */
export function listParts(server: Server, bucket: string): Promise<number[]> {
  return withClient(server, async (client) => {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    const [upload, ...more] = page.Uploads ?? [];
    if (more.length > 0) throw new Error(`${more.length + 1} uploads are open`);
    if (upload === undefined) return [];
    const { Key, UploadId } = upload;
    const parts = await client.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId }));
    return (parts.Parts ?? []).map(({ PartNumber }) => PartNumber!);
  });
}

export function storageClassOf(server: Server, bucket: string, key: string): Promise<string> {
  return withClient(server, async (client) => {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return head.StorageClass ?? "STANDARD";
  });
}

export async function putText(
  server: Server,
  bucket: string,
  key: string,
  text: string,
): Promise<void> {
  await withClient(
    server,
    (client) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text })),
  );
}

export interface LoggedRequest {
  /** As S3 names it: "PutObject". */
  readonly operation: string;
  readonly line: string;
}

/** A reader of versitygw's access log: each call returns the requests since the one before. */
export function accessLog(folder: string): () => Promise<LoggedRequest[]> {
  let seen = 0;
  return async () => {
    const lines = (await settledLog(`${folder}/access.log`)).trimEnd().split("\n");
    const found = lines.slice(seen).flatMap((line) => {
      const operation = / s3_(\w+) /.exec(line)?.[1];
      return operation === undefined ? [] : [{ operation, line }];
    });
    seen = lines.length;
    return found;
  };
}

export function countOf(requests: readonly LoggedRequest[], operation: string): number {
  return requests.filter((request) => request.operation === operation).length;
}
