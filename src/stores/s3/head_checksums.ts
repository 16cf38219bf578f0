import { Buffer } from "node:buffer";
import type { ChecksumName } from "../../core/mirror/judge_foreign.ts";
import type { ChecksummedHead } from "../../ports/object_store.ts";
import type { StoreContext } from "./context.ts";
import { answerToHead, type HeadAnswer, headOf } from "./read_object.ts";

export async function headChecksums(
  context: StoreContext,
  key: string,
): Promise<ChecksummedHead | undefined> {
  const answer = await answerToHead(context, key, { ChecksumMode: "ENABLED" });
  if (answer === undefined) return undefined;
  return { ...headOf(answer), checksums: checksumsOf(answer), hidesMd5: hidesMd5(answer) };
}

function checksumsOf(answer: HeadAnswer): Partial<Record<ChecksumName, string>> {
  // "-" and a number end the checksum of parts' checksums; a store that leaves out the type may leave
  // that out, too, but not of the ETag.
  const isWhole = answer.ChecksumType === "FULL_OBJECT" ||
    (answer.ChecksumType === undefined && !answer.ETag?.includes("-"));
  if (!isWhole) return {};
  const told: [ChecksumName, string | undefined][] = [
    ["sha256", answer.ChecksumSHA256],
    ["sha1", answer.ChecksumSHA1],
    ["crc64nvme", answer.ChecksumCRC64NVME],
    ["crc32", answer.ChecksumCRC32],
  ];
  return Object.fromEntries(
    told.flatMap(([name, value]) =>
      value === undefined || value.includes("-")
        ? []
        : [[name, Buffer.from(value, "base64").toString("hex")]]
    ),
  );
}

/** AWS, Object: the ETag is an MD5 of the content only of what is plain or encrypted with SSE-S3. */
function hidesMd5({ ServerSideEncryption, SSECustomerAlgorithm }: HeadAnswer): boolean {
  return SSECustomerAlgorithm !== undefined ||
    (ServerSideEncryption !== undefined && ServerSideEncryption !== "AES256");
}
