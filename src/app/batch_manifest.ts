import type { BatchManifest } from "../core/batch/batch_job.ts";
import { manifestLine, type ManifestObject } from "../core/batch/manifest.ts";
import type { BatchJobs } from "../ports/batch_jobs.ts";
import type { ObjectStore } from "../ports/object_store.ts";

export interface BatchDeps {
  readonly store: ObjectStore;
  readonly batch: BatchJobs;
}

/** Bytes above which a manifest is sent in parts. */
const WHOLE = 8 * 1024 * 1024;

/** Keys of a job's manifest and report, by its token. */
export function batchFolder(token: string): string {
  return `.holdfast/batch/${token}`;
}

/**
 * Puts the manifest of a job into the repository, in Standard. Either all objects name a version, or
 * none (AWS: Specifying a manifest).
 */
export async function putManifest(
  { store, batch: { place } }: BatchDeps,
  token: string,
  objects: Iterable<ManifestObject>,
): Promise<BatchManifest & { readonly objects: number }> {
  const key = `${batchFolder(token)}/manifest.csv`;
  const options = { contentType: "text/csv" };
  const count = { objects: 0, versions: false };
  const blocks = blocksOf(place, objects, count);
  const first = blocks.next().value ?? new Uint8Array(0);
  const second = blocks.next();
  const stored = second.done === true
    ? await store.put(key, first, options)
    : await store.putStream(key, streamOf(first, second.value, blocks), options);
  return {
    ...{ key, etag: stored.etag, ...count },
    ...(stored.versionId === undefined ? {} : { version: stored.versionId }),
  };
}

function* blocksOf(
  { bucket, keyPrefix }: BatchJobs["place"],
  objects: Iterable<ManifestObject>,
  count: { objects: number; versions: boolean },
): Generator<Uint8Array, undefined> {
  const encoder = new TextEncoder();
  let lines: string[] = [];
  let bytes = 0;
  for (const { key, version } of objects) {
    count.objects++;
    count.versions ||= version !== "";
    const line = manifestLine(bucket, keyPrefix + key, version);
    lines.push(line);
    bytes += line.length;
    if (bytes < WHOLE) continue;
    yield encoder.encode(lines.join(""));
    [lines, bytes] = [[], 0];
  }
  if (lines.length > 0) yield encoder.encode(lines.join(""));
}

function streamOf(
  first: Uint8Array,
  second: Uint8Array,
  rest: Iterator<Uint8Array>,
): ReadableStream<Uint8Array> {
  const ready = [first, second];
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const block = ready.shift() ?? rest.next().value;
      if (block === undefined) controller.close();
      else controller.enqueue(block);
    },
  });
}
