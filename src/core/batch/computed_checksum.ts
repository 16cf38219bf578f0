import type { ChecksumAlgorithm } from "./batch_job.ts";
import type { ReportRow } from "./report_rows.ts";

/** What Compute checksum says of an object. */
export interface ComputedChecksum {
  readonly algorithm: string;
  /** "FULL_OBJECT" or "COMPOSITE". */
  readonly type: string;
  /** Lower-case hex. */
  readonly hex: string;
  /** "" where it is not said. */
  readonly etag: string;
}

/** What the log says that an object's bytes have. */
export interface KnownChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case hex. */
  readonly hex: string;
  /** "" where it is not known. */
  readonly etag: string;
}

/** The ResultMessage of a task that has succeeded; undefined where it is no such. */
export function computedChecksum(
  { message }: Pick<ReportRow, "message">,
): ComputedChecksum | undefined {
  let told: Record<string, unknown>;
  try {
    told = JSON.parse(message);
  } catch {
    return undefined;
  }
  const { checksum_hex: hex, checksumAlgorithm: algorithm, checksumType: type, etag = "" } = told;
  if (typeof hex !== "string" || typeof algorithm !== "string" || typeof type !== "string") {
    return undefined;
  }
  return {
    ...{ algorithm, type, hex: hex.toLowerCase() },
    etag: String(etag).replaceAll('"', ""),
  };
}

/** "gone": a look at the store has to confirm it. "unknown" has the reason, counted by its code. */
export type ChecksumVerdict =
  | { readonly kind: "equal" }
  | { readonly kind: "differs"; readonly reason: string }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown"; readonly code: string; readonly reason: string };

/** What a row of the report says of an object whose checksum the log knows. */
export function judgeChecksum(row: ReportRow, known: KnownChecksum): ChecksumVerdict {
  if (!row.succeeded) {
    return isGone(row)
      ? { kind: "gone" }
      : { kind: "unknown", code: failureKind(row), reason: failureText(row) };
  }
  const computed = computedChecksum(row);
  if (computed === undefined) {
    return { kind: "unknown", code: "no checksum", reason: "its result is no checksum" };
  }
  const { algorithm, type, hex, etag } = computed;
  if (algorithm !== known.algorithm || type !== "FULL_OBJECT") {
    const reason = `its ${algorithm} (${type}) is not the ${known.algorithm} that the log knows`;
    return { kind: "unknown", code: "another checksum", reason };
  }
  if (hex === known.hex) return { kind: "equal" };
  // Overwritten since: that is for the comparison with the LIST to judge.
  if (etag !== "" && known.etag !== "" && etag !== known.etag) {
    const reason = "another object was there, with another ETag";
    return { kind: "unknown", code: "another object", reason };
  }
  return { kind: "differs", reason: `its ${algorithm} is ${hex}, not ${known.hex}` };
}

function isGone({ code, status, message }: ReportRow): boolean {
  return /^NoSuch(Key|Version)$/.test(code) || status === 404 ||
    /Key not found|"errorCode"+: ?"+404/.test(message);
}

/** In short: the service's code, and what it says. */
export function failureText({ code, message }: Pick<ReportRow, "code" | "message">): string {
  const said = message.length > 200 ? `${message.slice(0, 200)}…` : message;
  return code === "" || said.includes(code) ? said : `${code}: ${said}`;
}

/** Letters of what is written for each of many objects. */
const SHORT = 80;

/** What failures are counted by: what they say, without the IDs and numbers that differ in each. */
export function failureKind(row: Pick<ReportRow, "code" | "message">): string {
  const text = failureText(row).replace(/(?=[\w-]*\d)[\w-]{8,}|\d+/g, "#");
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}
