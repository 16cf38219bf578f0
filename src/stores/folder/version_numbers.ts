import { type StoreState, timedName } from "./store_state.ts";
import { type VersionPlace, versionPlace } from "./store_layout.ts";

/** Versions that share a folder: few folders to fsync, and no folder that grows without end. */
const BATCH = 4096;

/** Gives a new version's place; the folder that holds it is there and durable. */
export function versionNumbers(state: StoreState): () => Promise<VersionPlace> {
  let used = BATCH;
  let batch: Promise<string> | undefined;

  const makeBatch = async (): Promise<string> => {
    const name = timedName(state.clock, state.random);
    await state.folders.ensure(state.layout.versions, [name]);
    return name;
  };

  return async () => {
    if (used >= BATCH || batch === undefined) {
      used = 0;
      batch = makeBatch();
    }
    const number = used++;
    const mine = batch;
    try {
      const version = `${await mine}-${number.toString(36).padStart(3, "0")}`;
      return versionPlace(state.layout, version)!;
    } catch (error) {
      if (batch === mine) batch = undefined;
      throw error;
    }
  };
}
