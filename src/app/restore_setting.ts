import type { Tier } from "../core/cold/restore_state.ts";
import type { RestoreJobRow } from "../core/index/restore_rows.ts";
import type { PreparedRestore } from "./prepare_restore.ts";
import type { WarmUpOptions } from "./restore_deps.ts";
import type { PriceGroups } from "./restore_requests.ts";

/** What one restore goes by in this process. */
export interface RestoreSetting {
  readonly job: number;
  /** The open restore that it goes on with. */
  readonly resumed: RestoreJobRow | undefined;
  /** The one that died while it was planned: it has asked for nothing, and is planned anew. */
  readonly cutOff: RestoreJobRow | undefined;
  readonly wishes: Partial<WarmUpOptions>;
  readonly tier: Tier;
  readonly days: number;
  readonly isTierNamed: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly price: PriceGroups;
}

const DEFAULT_TIER: Tier = "Bulk";
const DEFAULT_DAYS = 7;

export function settingOf({ deps, options }: PreparedRestore): RestoreSetting {
  const { log, environment, cold } = deps;
  const { restores } = log.index;
  const wishes = options.warmUp ?? {};
  const row = options.resume === undefined ? undefined : restores.job(options.resume);
  const isCutOff = row?.state === "planning";
  const resumed = isCutOff ? undefined : row;
  const tier = wishes.tier ?? row?.tier ?? DEFAULT_TIER;
  const days = wishes.days ?? row?.days ?? DEFAULT_DAYS;
  return {
    ...{ job: row?.job ?? restores.nextNumber(), resumed, cutOff: isCutOff ? row : undefined },
    ...{ wishes, tier, days, isTierNamed: resumed === undefined || wishes.tier !== undefined },
    now: () => Number(environment.clock.now() / 1_000_000n),
    price: (groups, at) => cold.quote(groups, { tier: at, days }),
  };
}
