import type { AdoptForeignReport } from "../app/adopt_foreign.ts";
import type { ForeignFinding } from "../app/adopt_foreign_objects.ts";
import type { Output } from "../cli/output.ts";
import type { AdoptOptions, RunInput } from "../cli/runner.ts";
import { priceAdoption } from "../core/cost/price_adoption.ts";
import { priceUploadPlan } from "../core/cost/price_upload.ts";
import type { AdoptedBy } from "../core/mirror/judge_foreign.ts";
import { displayPath, jsonOfText } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { costLines, priceRecord, uploadCostLines } from "../report/cost_text.ts";
import { counted } from "../report/count_text.ts";
import { costSetting } from "./cost_setting.ts";

/** Objects that are named as text; `--json` names all. */
const NAMED = 10_000;

/** What is done with each object, as it is found. What is adopted is named by a dry run only. */
export function foundForeign(output: Output, dryRun: boolean) {
  let named = 0;
  return {
    tell({ is, key, bytes, reason }: ForeignFinding): void {
      const action = is === "adopted" ? "adopt" : "leave";
      if (action === "adopt" && !dryRun) return;
      const path = jsonOfText(key);
      output.record({ record: "step", action, path, key, size: bytes, reason });
      if (named++ >= NAMED) return;
      output.text(`${action} ${displayPath(key)} (${formatSize(bytes)}): ${reason}`);
    },
    end(): void {
      if (named > NAMED) output.text(`and ${named - NAMED} more, which --json names`);
    },
  };
}

const HOW: Record<AdoptedBy, string> = {
  "etag": "by the MD5 in the ETag",
  "sha256": "by the store's SHA-256",
  "sha1": "by the store's SHA-1",
  "crc64nvme": "by the store's CRC64NVME",
  "crc32": "by the store's CRC32",
  "md5": "by the MD5 that the tool has noted",
  "part-etag": "by the MD5s of the parts, in the ETag",
  "read": "by reading it",
  "mtime": "by size and modification time alone",
};

/** What an adoption has done, or would do, for people and programs. */
export function showAdoption(
  { output, job, globals: { dryRun } }: RunInput<AdoptOptions>,
  report: AdoptForeignReport,
  seconds: number,
): void {
  const { adopted, other, unproven, unknown, requests, next, exitCode } = report;
  const setting = costSetting(job);
  const cost = priceAdoption(requests, setting);
  output.record(priceRecord("plan", cost));
  const weak = adopted.get("mtime");
  if (weak !== undefined) {
    const text =
      `${counted(weak.objects, "object")}, ${formatSize(weak.bytes)}: no checksum tells ` +
      "what they hold, only size and modification time agree; --read would compare them";
    output.signal({ kind: "notice", text });
  }
  const objects = [...adopted].map(([by, count]) => ({ by, ...count }));
  const sum = (pick: (count: typeof objects[number]) => number) =>
    objects.reduce((total, count) => total + pick(count), 0);
  output.summary({
    ...{ record: "summary", command: "adopt", job: job.name, exit: exitCode },
    seconds: Math.round(seconds * 1000) / 1000,
    totals: {
      ...{ objects: sum((count) => count.objects), bytes: sum((count) => count.bytes) },
      by: Object.fromEntries(objects.map(({ by, objects }) => [by, objects])),
      ...{ other: other.objects, unproven: unproven.objects, unknown: unknown.objects },
      ...{ left: next.entries, left_bytes: Number(next.bytes) },
      ...{ lists: requests.lists, heads: requests.heads, dry_run: dryRun },
    },
  }, [
    ...adoptedLines(report, dryRun),
    ...leftLines(report),
    ...(dryRun ? readingLines(report) : []),
    ...(dryRun ? costLines(cost, "price of the adoption") : []),
    ...nextLines(report),
    ...(dryRun ? uploadCostLines(priceUploadPlan(next.uploads, setting)) : []),
  ]);
}

function adoptedLines({ adopted, refused }: AdoptForeignReport, dryRun: boolean): string[] {
  const word = dryRun ? "plan: adopt" : "adopted";
  return [
    ...[...adopted].map(([by, { objects, bytes }]) =>
      `${word} ${counted(objects, "object")}, ${formatSize(bytes)}, ${HOW[by]}`
    ),
    ...(adopted.size === 0 ? [`${word} nothing`] : []),
    ...(refused ? ["a source was not as the delete guard lets it be: see `holdfast backup`"] : []),
  ];
}

function leftLines({ other, unproven, unknown }: AdoptForeignReport): string[] {
  const line = ({ objects, bytes }: typeof other, text: string) =>
    objects === 0 ? [] : [`${counted(objects, "object")}, ${formatSize(bytes)}, ${text}`];
  return [
    ...line(other, "not what the source has: the next backup puts that in their place"),
    ...line(
      unproven,
      "of which nothing tells what they hold: the next backup replaces them, " +
        "unless --read finds them equal",
    ),
    ...line(unknown, "of nothing that the source has: they stay"),
  ];
}

function readingLines({ requests: { reading } }: AdoptForeignReport): string[] {
  return [...reading].map(([storageClass, { objects, bytes }]) =>
    `plan: read ${counted(objects, "object")}, ${formatSize(bytes)}, from ${storageClass}, and ` +
    "adopt those that are equal"
  );
}

function nextLines({ next: { entries, bytes } }: AdoptForeignReport): string[] {
  if (entries === 0) return ["the next backup has nothing to store"];
  const size = formatSize(Number(bytes));
  return [`the next backup stores ${counted(entries, "entry", "entries")}, at most ${size}`];
}
