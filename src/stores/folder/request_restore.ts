import { decideWarmUp } from "../../core/cold/simulated_warm_up.ts";
import { HoldfastError } from "../../core/error.ts";
import type { ObjectName, RestoreAnswer, RestoreRequest } from "../../ports/object_store.ts";
import type { ArchiveSimulation } from "./archive_simulation.ts";
import { missing } from "./folder_reads.ts";
import { findObject } from "./read_version.ts";
import { keepRestoreRequest, readRestoreRequests } from "./restore_requests.ts";
import { versionPlace } from "./store_layout.ts";
import type { VersionRecord } from "./version_record.ts";
import type { VersionWriter } from "./write_version.ts";

/** S3's RestoreObject, decided by core/cold/simulated_warm_up.ts and durable before the answer. */
export async function requestRestore(
  { state, lock }: VersionWriter,
  simulation: ArchiveSimulation,
  { key, versionId }: ObjectName,
  request: RestoreRequest,
): Promise<RestoreAnswer> {
  return await lock(key, async () => {
    const record = await findObject(state.disk, state.layout, key, versionId);
    if (record === undefined) {
      await state.disk.look(state.layout.format);
      throw missing(key, versionId);
    }
    const place = versionPlace(state.layout, record.version)!;
    while (true) {
      const { count, last } = await readRestoreRequests(state.disk, place);
      const now = await simulation.now();
      const { storageClass } = record;
      const { warmUp } = simulation;
      const decision = decideWarmUp({ storageClass, last, request, now, warmUp });
      if ("refusal" in decision) throw refused(record, decision.refusal);
      const { answer } = decision;
      // Also one that changes nothing: how often an object was asked for can be counted.
      const kept = { ...("warmUp" in decision ? decision.warmUp : last!), answer };
      // Where another process was faster, its request decides about this one.
      if (await keepRestoreRequest(state, place, count + 1, kept)) return answer;
    }
  });
}

/** What a folder store answers that simulates nothing. */
export function noArchiveClasses(key: string): HoldfastError {
  return new HoldfastError("refused", `${key} needs no warming up: the store is a folder`, {
    context: { key, code: "NotImplemented", status: 501 },
    hint: "to try archive classes write file:///folder?warm_up=5s",
  });
}

function refused(
  { key, storageClass }: VersionRecord,
  { code, message }: { readonly code: string; readonly message: string },
): HoldfastError {
  return new HoldfastError("refused", `cannot warm up ${key}: ${message}`, {
    context: { key, storageClass, code },
  });
}
