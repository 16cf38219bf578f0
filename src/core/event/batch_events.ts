/** Jobs of S3 Batch Operations, in the log. */
export interface BatchEventData {
  /** Intent: S3 Batch Operations will be asked for a job over the objects of a manifest. */
  BatchJobPlanned: {
    operation: "restore" | "checksum";
    /** ClientRequestToken: the same one never makes a second job. */
    token: string;
    /** Key of the manifest, its ETag and version, and whether it names versions. */
    manifest: string;
    etag: string;
    version?: string;
    versions?: true;
    /** Key below which the report will be. */
    report: string;
    objects: number;
    /** "checksum": what is computed. */
    algorithm?: "SHA256" | "CRC32";
    /** "restore": number of the restore, positions of its WarmUpPlanned, tier, days of the copies. */
    job?: number;
    intents?: number[];
    tier?: "Bulk" | "Standard";
    days?: number;
  };
  /** The service's ID of the job that was planned at `intent`. */
  BatchJobCreated: { intent: number; id: string };
  /** It has ended, with so many tasks; a restore's objects are asked for then, and not yet warm. */
  BatchJobFinished: {
    intent: number;
    /** Left out where no job was made. */
    id?: string;
    /** The service's word, or "refused", "not made", "gone", "left". */
    status: string;
    succeeded: number;
    failed: number;
    reason?: string;
  };
}
