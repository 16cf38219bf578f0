import { checkpointChunks } from "../../src/core/checkpoint_chunks.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { basedLogWriter } from "../../src/sqlite/based_log.ts";
import { stateDumper } from "../../src/sqlite/state_dump.ts";
import { sha256, tickingClock } from "../sqlite/log_fixture.ts";

/** A database that begins at a checkpoint of a log's head: it has no event up to there. */
export function basedOn(log: JobLog, file: string): JobLog {
  const dump = stateDumper(sha256)(log);
  const genesis = log.logs().map((part) => part.genesis);
  const { head: { position, hash }, since, projections } = dump;
  const place = { position, hash, since, genesis, projections };
  const writer = basedLogWriter(file, place, { clock: tickingClock(), sha256 });
  for (const chunk of checkpointChunks(dump.rows())) writer.add(platformHashing.compress(chunk));
  dump.close();
  return writer.finish();
}
