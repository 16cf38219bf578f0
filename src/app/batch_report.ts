import { readReportManifest, reportKeys, type ReportPart } from "../core/batch/report_manifest.ts";
import { reportReader, type ReportRow } from "../core/batch/report_rows.ts";
import { isKind } from "../core/error.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { BatchDeps } from "./batch_manifest.ts";
import type { MadeBatchJob } from "./run_batch_job.ts";

/** Rows of a job's completion report; none where AWS has not written one: no task was begun. */
export async function* batchReport(
  { store, batch: { place } }: BatchDeps,
  { id, planned }: Pick<MadeBatchJob, "id" | "planned">,
): AsyncGenerator<ReportRow> {
  for (const part of await reportParts(store, planned.report, id)) {
    const { stream } = await store.get(part.key.slice(place.keyPrefix.length));
    yield* reportRows(stream);
  }
}

async function reportParts(
  store: ObjectStore,
  report: string,
  id: string,
): Promise<ReportPart[]> {
  for (const key of reportKeys(report, id)) {
    try {
      const { stream } = await store.get(key);
      let text = "";
      for await (const piece of stream.pipeThrough(new TextDecoderStream())) text += piece;
      return readReportManifest(text);
    } catch (error) {
      if (!isKind(error, "gone")) throw error;
    }
  }
  return [];
}

export async function* reportRows(stream: ReadableStream<Uint8Array>): AsyncGenerator<ReportRow> {
  const reader = reportReader();
  const decoder = new TextDecoder();
  for await (const bytes of stream) yield* reader.push(decoder.decode(bytes, { stream: true }));
  yield* reader.push(decoder.decode());
  yield* reader.end();
}
