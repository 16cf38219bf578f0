import type { CopyPlan, WarmUpPlan, WarmUpSetting } from "../../src/app/warm_up_renames.ts";
import { isCold } from "../../src/core/cost/restore_wait.ts";
import type { EarlyTally } from "../../src/core/cost/price_deletion.ts";
import type { World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { renameSetting } from "./rename_setting.ts";
import { type SimulatedArchive, simulatedArchive } from "./simulated_archive.ts";

const COPY = { storageClass: "DEEP_ARCHIVE", archivedRenames: "copy" } as const;

export interface Warming {
  readonly archive: SimulatedArchive;
  readonly plans: WarmUpPlan[];
  /** What runs were going to copy. */
  readonly copies: CopyPlan[];
  readonly early: EarlyTally[][];
  /** Copies that were refused because the object was cold. */
  readonly refused: string[];
  approves: boolean;
  mayCopy: boolean;
  backup(more?: Parameters<World["backup"]>[0]): ReturnType<World["backup"]>;
}

/** A store that warms up as S3 does, also for copies, and a job that copies archived renames. */
export function warming(world: World, setting: Partial<WarmUpSetting> = {}): Warming {
  const archive = simulatedArchive(world);
  const { store } = world;
  const { copy } = store;
  const made: Warming = {
    ...{ archive, plans: [], copies: [], early: [], refused: [], approves: true, mayCopy: true },
    backup: ({ deps, ...more } = {}) =>
      world.backup({ ...COPY, deps: { warmUp, tellEarly, ...deps }, ...more }),
  };
  store.copy = async (from, key, options) => {
    const { storageClass, archiveTier, restore } = (await store.head(from.key, from))!;
    if (isCold(storageClass, archiveTier) && restore?.kind !== "warm") {
      made.refused.push(from.key);
      throw failure("refused", "InvalidObjectState", from.key);
    }
    return await copy(from, key, options);
  };
  const warmUp = renameSetting(world, {
    approve(plan) {
      made.plans.push(plan);
      return Promise.resolve(made.approves);
    },
    mayCopy(plan) {
      made.copies.push(plan);
      return made.mayCopy;
    },
    ...setting,
  });
  const tellEarly = (early: readonly EarlyTally[]) => void made.early.push([...early]);
  return made;
}

/** Each key that was asked for, with how often. */
export function timesAsked({ archive }: Warming): Record<string, number> {
  const times: Record<string, number> = {};
  for (const { key } of archive.asked) times[key] = (times[key] ?? 0) + 1;
  return times;
}

export function stateOf(world: World): string | undefined {
  return world.log.index.restores.job(0)?.state;
}

export const counts = (world: World) => ({ ...world.log.index.renameCounts() });

export function copiesOf(world: World, since = 0): string[] {
  return world.store.requests.slice(since).filter(({ operation }) => operation === "copy")
    .map(({ key }) => key).sort();
}

export function notices({ signals }: World, text: RegExp): number {
  return signals.filter((signal) => signal.kind === "notice" && text.test(signal.text)).length;
}
