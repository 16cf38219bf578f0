/** A job whose folder store simulates archive classes, and what it was asked for. */
import { initJob, type JobOptions } from "./place.ts";
import { mustEnd, type Place } from "./holdfast.ts";
import { setSimulatedClock } from "../stores/folder/simulated_clock.ts";

/** Prices of the folder store, so that costs are known. */
const prices = ([
  ["retrieval-request", { storage_class: "DEEP_ARCHIVE", tier: "Bulk" }, 0.025],
  ["retrieval", { storage_class: "DEEP_ARCHIVE", tier: "Bulk" }, 0.0025],
  ["retrieval-request", { storage_class: "DEEP_ARCHIVE", tier: "Standard" }, 0.1],
  ["retrieval", { storage_class: "DEEP_ARCHIVE", tier: "Standard" }, 0.02],
  ["storage", { storage_class: "STANDARD" }, 0.023],
  ["retrieval", { storage_class: "GLACIER_IR" }, 0.03],
  ["get", { storage_class: "GLACIER_IR" }, 0.01],
  ["get", { storage_class: "DEEP_ARCHIVE" }, 0.0004],
  ["get", { storage_class: "STANDARD" }, 0.0004],
] as const).flatMap(([item, more, usd]) => [
  ...["[[prices]]", 'region = "file"', `item = "${item}"`, `usd = ${usd}`],
  ...Object.entries(more).map(([key, value]) => `${key} = "${value}"`),
  ...['source = "a test"', 'date = "2026-11-21"'],
]);

export interface ColdJobOptions extends Pick<JobOptions, "sources" | "init"> {
  readonly storageClass?: string;
  /** How long the Standard tier takes. */
  readonly warmUp?: string;
}

/** Archived in DEEP_ARCHIVE: Bulk takes 48 hours of a clock that is a file. */
export async function coldJob(
  place: Place,
  { storageClass = "DEEP_ARCHIVE", warmUp = "24h", init = [], ...options }: ColdJobOptions = {},
): Promise<Place> {
  Deno.mkdirSync(`${place.folder}/store`);
  await initJob(place, [`file://${place.folder}/store?warm_up=${warmUp}`], {
    ...options,
    init: ["--storage-class", storageClass, ...init],
    config: ["min_archive_size = 0", 'egress = "none"', ...prices],
  });
  return place;
}

export function setClock({ folder }: Place, hours: number): void {
  setSimulatedClock(`${folder}/store`, `+${hours}h`);
}

/** From now on it stands still. */
export function stopClock({ folder }: Place): void {
  setSimulatedClock(`${folder}/store`, new Date().toISOString());
}

/** How many restore requests each archived version has had that were not refused, of those with any. */
export function requestsMade({ folder }: Place): number[] {
  const versions = `${folder}/store/.holdfast-store/versions`;
  const times = new Map<string, number>();
  for (const { name: batch } of Deno.readDirSync(versions)) {
    for (const { name } of Deno.readDirSync(`${versions}/${batch}`)) {
      const end = name.indexOf(".restore");
      if (end < 0) continue;
      const version = `${batch}/${name.slice(0, end)}`;
      times.set(version, (times.get(version) ?? 0) + 1);
    }
  }
  return [...times.values()];
}

export function loseDatabase({ state }: Place): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.removeSync(`${state}${suffix}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

export async function restores(place: Place): Promise<string> {
  return (await mustEnd(0, place, ["restores"])).said;
}
