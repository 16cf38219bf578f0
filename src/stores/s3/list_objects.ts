import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
} from "@aws-sdk/client-s3";
import type { ListedObject, OpenUpload } from "../../ports/object_store.ts";
import type { StoreContext } from "./context.ts";
import { unescapeListed } from "./s3_key.ts";
import { withoutQuotes } from "./stored_answer.ts";

export async function* listObjects(
  context: StoreContext,
  prefix: string,
  startAfter: string | undefined,
): AsyncGenerator<ListedObject[]> {
  const { keyPrefix, options } = context;
  let token: string | undefined;
  do {
    const input = {
      Bucket: options.bucket,
      Prefix: keyPrefix + prefix,
      EncodingType: "url" as const,
      ...(startAfter ? { StartAfter: keyPrefix + startAfter } : {}),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    };
    const page = await context.call(
      { operation: "ListObjectsV2", key: prefix },
      ({ connection: { sdk, client }, send }) =>
        client.send(new sdk.ListObjectsV2Command(input), send),
    );
    const decode = decoder(page.EncodingType, keyPrefix);
    const objects = (page.Contents ?? []).map((object) => ({
      key: decode(object.Key!),
      size: object.Size ?? 0,
      etag: withoutQuotes(object.ETag),
      storageClass: object.StorageClass ?? "STANDARD",
      lastModified: object.LastModified?.getTime() ?? 0,
    }));
    if (objects.length > 0) yield objects;
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** Open multipart uploads below `prefix`, of all pages. */
export async function listUploads(context: StoreContext, prefix: string): Promise<OpenUpload[]> {
  const { keyPrefix, options } = context;
  const uploads: OpenUpload[] = [];
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const input: ListMultipartUploadsCommandInput = {
      Bucket: options.bucket,
      Prefix: keyPrefix + prefix,
      EncodingType: "url",
      ...marker,
    };
    const page: ListMultipartUploadsCommandOutput = await context.call(
      { operation: "ListMultipartUploads", key: prefix },
      ({ connection: { sdk, client }, send }) =>
        client.send(new sdk.ListMultipartUploadsCommand(input), send),
    );
    const decode = decoder(page.EncodingType, keyPrefix);
    for (const upload of page.Uploads ?? []) {
      const initiated = upload.Initiated?.getTime() ?? 0;
      uploads.push({ key: decode(upload.Key!), uploadId: upload.UploadId!, initiated });
    }
    marker = page.IsTruncated && page.NextKeyMarker
      ? {
        KeyMarker: decoder(page.EncodingType, "")(page.NextKeyMarker),
        ...(page.NextUploadIdMarker ? { UploadIdMarker: page.NextUploadIdMarker } : {}),
      }
      : undefined;
  }
  return uploads;
}

/** Listed keys become the repository's; only a store that says so has escaped them. */
function decoder(encoding: string | undefined, keyPrefix: string): (key: string) => string {
  return (key) => (encoding === "url" ? unescapeListed(key) : key).slice(keyPrefix.length);
}
