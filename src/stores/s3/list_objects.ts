import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
} from "@aws-sdk/client-s3";
import { isKind } from "../../core/error.ts";
import type { ListedObject, ListOptions, OpenUpload } from "../../ports/object_store.ts";
import { type Address, isAws } from "./connection.ts";
import type { StoreContext } from "./context.ts";
import { listedRestores } from "./restore_status.ts";
import { unescapeListed } from "./s3_key.ts";
import { withoutQuotes } from "./stored_answer.ts";

export async function* listObjects(
  context: StoreContext,
  prefix: string,
  { startAfter, restoreStatus = false }: ListOptions,
): AsyncGenerator<ListedObject[]> {
  const { keyPrefix, options } = context;
  const pages = pageReader(context, prefix, restoreStatus);
  let token: string | undefined;
  do {
    const { page, isStatusAsked, address } = await pages({
      Bucket: options.bucket,
      Prefix: keyPrefix + prefix,
      EncodingType: "url" as const,
      ...(startAfter ? { StartAfter: keyPrefix + startAfter } : {}),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const decode = decoder(page.EncodingType, keyPrefix);
    const contents = page.Contents ?? [];
    const restores = isStatusAsked
      ? listedRestores(contents.map(({ RestoreStatus }) => RestoreStatus), isAws(address))
      : [];
    const objects = contents.map((object, i) => ({
      key: decode(object.Key!),
      size: object.Size ?? 0,
      etag: withoutQuotes(object.ETag),
      storageClass: object.StorageClass ?? "STANDARD",
      lastModified: object.LastModified?.getTime() ?? 0,
      ...restores[i],
    }));
    if (objects.length > 0) yield objects;
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

interface ReadPage {
  readonly page: ListObjectsV2CommandOutput;
  readonly isStatusAsked: boolean;
  readonly address: Address;
}

/** Asks for restore statuses until the store refuses: it is then listed without them. */
function pageReader(
  context: StoreContext,
  prefix: string,
  restoreStatus: boolean,
): (input: ListObjectsV2CommandInput) => Promise<ReadPage> {
  const wanted = { OptionalObjectAttributes: ["RestoreStatus" as const] };
  let asks = restoreStatus;
  const readPage = async (input: ListObjectsV2CommandInput): Promise<ReadPage> => {
    const isStatusAsked = asks;
    try {
      return await context.call(
        { operation: "ListObjectsV2", key: prefix },
        async ({ connection: { sdk, client, address }, send }) => {
          const more = isStatusAsked ? wanted : {};
          const page = await client.send(new sdk.ListObjectsV2Command({ ...input, ...more }), send);
          return { page, isStatusAsked, address };
        },
      );
    } catch (error) {
      if (!isStatusAsked || !isKind(error, "refused")) throw error;
      asks = false;
      return await readPage(input);
    }
  };
  return readPage;
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
