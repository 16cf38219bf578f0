/** Fills a prefix as other tools do: requests, sizes of parts and metadata as they were recorded. */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import type { S3Server } from "../servers/s3_server.ts";
import { openClient } from "./s3_client.ts";

const MIB = 1024 ** 2;

interface ForeignFile {
  readonly content: Uint8Array;
  /** Seconds since 1970, and ns of the rest. */
  readonly mtime: { readonly seconds: number; readonly ns: number };
}

/** How a tool sends a file. */
export interface ForeignTool {
  /** Bytes above which it sends parts, and of a part. */
  readonly cutoff: number;
  readonly partSize: number;
  metadata(file: ForeignFile): Record<string, string>;
  /** What else it says to the store. */
  readonly options?: Pick<PutObjectCommandInput, "StorageClass">;
}

const md5 = (content: Uint8Array) => createHash("md5").update(content);
const MD5_OF_PARTS = 8 * MIB;

export const TOOLS = {
  /** v1.75.1, --s3-upload-cutoff 8M: https://rclone.org/s3/#modification-times-and-hashes */
  rclone: {
    ...{ cutoff: MD5_OF_PARTS, partSize: 5 * MIB },
    metadata: ({ content, mtime: { seconds, ns } }) => ({
      mtime: `${seconds}.${String(ns).padStart(9, "0")}`.replace(/\.?0*$/, ""),
      ...(content.length > MD5_OF_PARTS ? { md5chksum: md5(content).digest("base64") } : {}),
    }),
  },
  /** 2.4.0, S3/S3.py, build_attr_header; parts of 15 MB by default. */
  s3cmd: {
    ...{ cutoff: 15 * MIB, partSize: 15 * MIB },
    metadata: ({ content, mtime: { seconds } }) => ({
      "s3cmd-attrs": `atime:${seconds}/ctime:${seconds}/gid:0/gname:root/` +
        `md5:${md5(content).digest("hex")}/mode:33188/mtime:${seconds}/uid:0/uname:root`,
    }),
  },
  /** aws-cli 1 and 2: multipart_threshold and multipart_chunksize 8 MB; nothing of the file. */
  aws: { cutoff: 8 * MIB, partSize: 8 * MIB, metadata: () => ({}) },
} satisfies Record<string, ForeignTool>;

export interface ForeignPlace {
  readonly server: S3Server;
  readonly bucket: string;
  /** "" or ends in "/". */
  readonly prefix: string;
}

/** Puts the files of a folder, each under its path. */
export async function fillAs(
  tool: ForeignTool,
  { server, bucket, prefix }: ForeignPlace,
  folder: string,
  paths: readonly string[],
): Promise<void> {
  // Neither s3cmd nor rclone sends any.
  const client = await openClient(server, { requestChecksumCalculation: "WHEN_REQUIRED" });
  try {
    for (const path of paths) {
      const file = readFile(`${folder}/${path}`);
      await send(client, tool, { Bucket: bucket, Key: prefix + path }, file);
    }
  } finally {
    client.destroy();
  }
}

function readFile(path: string): ForeignFile {
  const seconds = new Deno.Command("stat", { args: ["-c", "%.9Y", path] }).outputSync();
  const [whole, rest] = new TextDecoder().decode(seconds.stdout).trim().split(".");
  return {
    content: Deno.readFileSync(path),
    mtime: { seconds: Number(whole), ns: Number(rest) },
  };
}

async function send(
  client: S3Client,
  tool: ForeignTool,
  at: { Bucket: string; Key: string },
  file: ForeignFile,
): Promise<void> {
  const { content } = file;
  const whole = { ...at, ...tool.options, Metadata: tool.metadata(file) };
  if (content.length <= tool.cutoff) {
    await client.send(new PutObjectCommand({ ...whole, Body: content }));
    return;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(whole));
  const parts: { ETag: string | undefined; PartNumber: number }[] = [];
  for (let from = 0; from < content.length; from += tool.partSize) {
    const Body = content.subarray(from, from + tool.partSize);
    const PartNumber = parts.length + 1;
    const { ETag } = await client.send(
      new UploadPartCommand({ ...at, UploadId, PartNumber, Body }),
    );
    parts.push({ ETag, PartNumber });
  }
  await client.send(
    new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: parts } }),
  );
}
