import type { PackRow } from "../core/index/pack_rows.ts";
import type { CheckContext, CheckDeps } from "./check_context.ts";
import { putIndexAgain } from "./pack_index_from_log.ts";

/**
 * Puts each pack index that the check has found missing or damaged again, made from the log. Returns
 * how many. Repeated after an interruption it puts the same again.
 */
export async function rewriteIndexes(context: CheckContext): Promise<number> {
  const { log, store, hashing, environment, signal, badIndexes } = context;
  let rewritten = 0;
  for (const row of badIndexes.values()) {
    signal.throwIfAborted();
    if (hindrance(context, row) !== undefined) continue;
    const sealer = row.encryption === "age" ? await context.sealer() : undefined;
    await putIndexAgain(
      { log, clock: environment.clock, options: { store, hashing }, packs: { sealer } },
      row,
    );
    rewritten++;
  }
  return rewritten;
}

/** What a check says is to be done about an index. */
export function indexHint(
  deps: CheckDeps,
  { repair }: { readonly repair: boolean },
): (row: PackRow) => string {
  return (row) => {
    const why = hindrance(deps, row);
    if (why !== undefined) return `it cannot be written again: ${why}`;
    return repair
      ? "it is written again from the log"
      : "`holdfast check --repair` writes it again from the log";
  };
}

/** Why the index of a pack cannot be made here; undefined where it can. */
function hindrance(
  { log, recipients = [] }: CheckDeps,
  { id, encryption }: PackRow,
): string | undefined {
  const base = log.base?.position ?? 0;
  if (id <= base) {
    return `the log here begins behind position ${base}, and the pack was made before`;
  }
  return encryption === "age" && recipients.length === 0
    ? "the pack is encrypted, and the job has no recipients any more"
    : undefined;
}
