import { Buffer } from "node:buffer";
import type { ListPartsCommandInput, ListPartsCommandOutput, Part } from "@aws-sdk/client-s3";
import { isKind } from "../../core/error.ts";
import type { ListedPart } from "../../ports/object_store.ts";
import type { StoreContext } from "./context.ts";
import { withoutQuotes } from "./stored_answer.ts";

/** Of all pages; undefined where there is no such upload any more. */
export async function listParts(
  context: StoreContext,
  key: string,
  uploadId: string,
): Promise<ListedPart[] | undefined> {
  const input = { ...context.target(key), UploadId: uploadId };
  const parts: ListedPart[] = [];
  let marker: string | undefined;
  try {
    do {
      const page = await listPage(context, key, { ...input, PartNumberMarker: marker });
      parts.push(...(page.Parts ?? []).map(listedPart));
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
  } catch (error) {
    if (isKind(error, "gone") && error.context.code === "NoSuchUpload") return undefined;
    throw error;
  }
  return parts.sort((a, b) => a.part - b.part);
}

async function listPage(
  context: StoreContext,
  key: string,
  input: ListPartsCommandInput,
): Promise<ListPartsCommandOutput> {
  return await context.call(
    { operation: "ListParts", key },
    ({ connection: { sdk, client }, send }) => client.send(new sdk.ListPartsCommand(input), send),
  );
}

function listedPart({ PartNumber, ETag, Size, ChecksumCRC32 }: Part): ListedPart {
  return {
    part: PartNumber!,
    etag: withoutQuotes(ETag),
    size: Size ?? 0,
    ...(ChecksumCRC32 === undefined
      ? {}
      : { crc32: Buffer.from(ChecksumCRC32, "base64").toString("hex") }),
  };
}
