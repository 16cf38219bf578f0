/**
 * Archive classes without an account (docs/stores.md): a store opened with `warm_up` refuses to read
 * objects of GLACIER and DEEP_ARCHIVE until a restore request has made them warm, as S3 does.
 */
import {
  isSimulatedArchive,
  isSimulatedCold,
  warmUpState,
} from "../../core/cold/simulated_warm_up.ts";
import type { RestoreState } from "../../core/cold/restore_state.ts";
import { simulatedTime } from "../../core/cold/simulated_time.ts";
import { HoldfastError } from "../../core/error.ts";
import type { Clock } from "../../ports/environment.ts";
import type { Disk } from "./disk.ts";
import { ifThere } from "./disk_error.ts";
import { readRestoreRequests } from "./restore_requests.ts";
import { type StoreLayout, versionPlace } from "./store_layout.ts";
import { nowMs } from "./store_state.ts";
import type { VersionRecord } from "./version_record.ts";

export interface ArchiveSimulation {
  /** Milliseconds that the Standard tier takes. */
  readonly warmUp: number;
  /** Milliseconds since 1970, as `.holdfast-store/clock` says. Throws kind "usage". */
  now(): Promise<number>;
}

export function archiveSimulation(
  disk: Disk,
  layout: StoreLayout,
  clock: Clock,
  warmUp: number,
): ArchiveSimulation {
  return {
    warmUp,
    async now() {
      const bytes = await ifThere(disk.readWhole(layout.clock));
      const text = bytes === undefined ? undefined : new TextDecoder().decode(bytes);
      const time = simulatedTime(text, nowMs(clock));
      if (time === undefined) throw unreadableClock(layout.clock);
      return time;
    },
  };
}

/** Throws "refused" with S3's code InvalidObjectState where the version is cold or warming. */
export async function checkReadable(
  simulation: ArchiveSimulation | undefined,
  disk: Disk,
  layout: StoreLayout,
  record: VersionRecord,
): Promise<void> {
  const { key, version, storageClass } = record;
  if (simulation === undefined || !isSimulatedArchive(storageClass)) return;
  const { last } = await readRestoreRequests(disk, versionPlace(layout, version)!);
  if (!isSimulatedCold(storageClass, last, await simulation.now())) return;
  throw new HoldfastError("refused", `${key} is archived in class ${storageClass} and not warm`, {
    context: { key, storageClass, code: "InvalidObjectState", status: 403 },
    hint: "the object is archived: warm it up first",
  });
}

/** What HEAD and LIST tell of a version. `now` is asked for once a page. */
export async function restoreOf(
  disk: Disk,
  layout: StoreLayout,
  { version, storageClass }: VersionRecord,
  now: number,
): Promise<{ readonly restore?: RestoreState }> {
  if (!isSimulatedArchive(storageClass)) return {};
  const { last } = await readRestoreRequests(disk, versionPlace(layout, version)!);
  const restore = warmUpState(last, now);
  return restore === undefined ? {} : { restore };
}

function unreadableClock(path: string): HoldfastError {
  return new HoldfastError("usage", `${path} is no time of a simulated clock`, {
    context: { path },
    hint: "write +48h into it, or a moment such as 2026-12-01T00:00:00Z; without it time is real",
  });
}
