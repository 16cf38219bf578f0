import type { PackOptions } from "../app/pack_context.ts";
import type { JobConfig } from "../cli/job_config.ts";
import type { Environment } from "../ports/environment.ts";
import { sealerOf } from "./open_keys.ts";

/** How a job of the pack layout makes packs. */
export async function packOptionsOf(
  { recipients, packSize, chunkThreshold }: JobConfig,
  { random }: Pick<Environment, "random">,
): Promise<PackOptions> {
  const sealer = await sealerOf({ recipients });
  const { otherThreadSealing } = await import("../crypto/other_thread_sealing.ts");
  const otherThread = (bytes: number) => otherThreadSealing(recipients, bytes);
  return { sealer, recipients, random, otherThread, packSize, chunkThreshold };
}
