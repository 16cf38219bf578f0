/** What `log export` writes. */
export const EXPORT_FORMATS = ["jsonl", "csv", "parquet"] as const;

export type ExportFormat = typeof EXPORT_FORMATS[number];
