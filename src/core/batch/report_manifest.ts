import { HoldfastError } from "../error.ts";

/** One CSV of a completion report. */
export interface ReportPart {
  readonly bucket: string;
  /** Whole, with the prefix. */
  readonly key: string;
}

interface Written {
  readonly Format?: unknown;
  readonly Results?: { readonly Bucket?: unknown; readonly Key?: unknown }[];
}

/**
 * The CSVs that the manifest.json of a completion report names. Throws kind "damage"
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html).
 */
export function readReportManifest(text: string): ReportPart[] {
  let written: Written | undefined;
  try {
    written = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (written?.Format !== "Report_CSV_20180820" || !Array.isArray(written.Results)) {
    throw noManifest("it is not of format Report_CSV_20180820");
  }
  return written.Results.map(({ Bucket: bucket, Key: key }) => {
    if (typeof bucket !== "string" || typeof key !== "string") {
      throw noManifest("a result has no key");
    }
    return { bucket, key };
  });
}

function noManifest(why: string): HoldfastError {
  return new HoldfastError("damage", `no manifest.json of a completion report: ${why}`);
}

/**
 * Where a job's report is, the likeliest first: the user guide calls its list manifest.json, the API
 * reference report.json. Keys as `report`'s.
 */
export function reportKeys(report: string, id: string): string[] {
  return ["manifest.json", "report.json"].map((name) => `${report}/job-${id}/${name}`);
}
