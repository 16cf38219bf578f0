import { reconcile, type ReconcileOptions } from "../../src/app/reconcile.ts";
import type { World } from "./app_world.ts";
import type { TestKeys } from "./pack_world.ts";
import { upkeepDeps } from "./upkeep.ts";

/** `holdfast reconcile` of a world. */
export function reconcileStore(
  world: World,
  options: Partial<ReconcileOptions> = {},
  keys?: TestKeys,
) {
  return reconcile(upkeepDeps(world, keys), { config: "", sources: [], adopt: false, ...options });
}

/** What DifferencesFound events say, as "what key", sorted. */
export function differencesIn(world: World): string[] {
  return world.events("DifferencesFound")
    .flatMap(({ data }) => data.objects.map(({ is, key }) => `${is} ${key}`)).sort();
}
