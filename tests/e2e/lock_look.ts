/** Looks at the locks of a bucket from outside, with the plain SDK. */
import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Server, withClient } from "./s3_client.ts";

export interface LockedVersion {
  readonly key: string;
  readonly version: string;
  /** As S3 writes it; undefined where the version has no lock. */
  readonly mode: string | undefined;
  /** Milliseconds since 1970; 0 without a lock. */
  readonly until: number;
}

/** Every version of a bucket of less than 1,000 of them, but those of the probe, with its lock. */
export function listLocks(server: Server, Bucket: string): Promise<LockedVersion[]> {
  return withClient(server, async (client) => {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const kept = Versions.filter(({ Key }) => !Key!.includes(".holdfast/probe/"));
    return await Promise.all(kept.map(async ({ Key, VersionId }) => {
      const lock = await lockOf(client, { Bucket, Key, VersionId });
      return { key: Key!, version: VersionId!, ...lock };
    }));
  });
}

async function lockOf(
  client: S3Client,
  of: { Bucket: string; Key: string | undefined; VersionId: string | undefined },
): Promise<Pick<LockedVersion, "mode" | "until">> {
  try {
    const { Retention } = await client.send(new GetObjectRetentionCommand(of));
    return { mode: Retention?.Mode, until: Retention?.RetainUntilDate?.getTime() ?? 0 };
  } catch (error) {
    // The last one is of a bucket without Object Lock.
    const codes = ["NoSuchObjectLockConfiguration", "NoSuchVersion", "InvalidRequest"];
    if (!codes.includes((error as Error).name)) throw error;
    return { mode: undefined, until: 0 };
  }
}

/** Deletes a version for good; the error's code where the store refuses. */
export function deleteVersion(
  server: Server,
  Bucket: string,
  { key: Key, version: VersionId }: Pick<LockedVersion, "key" | "version">,
): Promise<string | undefined> {
  return withClient(server, async (client) => {
    try {
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
      return undefined;
    } catch (error) {
      return (error as Error).name;
    }
  });
}
