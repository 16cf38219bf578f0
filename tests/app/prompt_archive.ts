import type { BackupDeps } from "../../src/app/backup.ts";
import type { ArchivedRenames } from "../../src/core/plan/rename_plan.ts";
import type { RestoreState } from "../../src/core/cold/restore_state.ts";
import type { World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { renameSetting } from "./rename_setting.ts";

export interface PromptArchive {
  /** What a backup into it needs, and makes what was asked for before warm. */
  options(): {
    readonly storageClass: string;
    readonly archivedRenames: ArchivedRenames;
    readonly deps: Pick<BackupDeps, "warmUp">;
  };
  /** From now on all can be read as if it were in Standard. */
  open(): void;
}

/** An archive whose objects are warm at the run after the one that asked for them. */
export function promptArchive(world: World, archivedRenames: ArchivedRenames): PromptArchive {
  const { store } = world;
  const { head, list, copy } = store;
  const states = new Map<string, RestoreState>();
  let isOpen = false;
  const nameOf = (key: string, version = store.current(key)?.head.versionId) => `${key} ${version}`;
  const looked = <Seen extends { storageClass: string }>(seen: Seen, name: string) => {
    if (isOpen) return { ...seen, storageClass: "STANDARD" };
    const restore = states.get(name);
    return { ...seen, ...(restore === undefined ? {} : { restore }) };
  };
  store.head = async (key, options = {}) => {
    const seen = await head(key, options);
    return seen === undefined ? undefined : looked(seen, nameOf(key, options.versionId));
  };
  store.list = async function* (prefix, options) {
    for await (const page of list(prefix, options)) {
      yield page.map((object) => looked(object, nameOf(object.key)));
    }
  };
  store.copy = async (from, key, options) => {
    const seen = await head(from.key, from);
    const isCold = seen !== undefined && seen.storageClass !== "STANDARD" &&
      states.get(nameOf(from.key, from.versionId))?.kind !== "warm";
    if (isCold) throw failure("refused", "InvalidObjectState", from.key);
    return await copy(from, key, options);
  };
  store.requestRestore = ({ key, versionId }) => {
    const name = nameOf(key, versionId);
    if (states.has(name)) return Promise.resolve("under way");
    states.set(name, { kind: "warming" });
    return Promise.resolve("accepted");
  };
  return {
    options() {
      const expiry = Number(world.clock.time / 1_000_000n) + 10 * 86_400_000;
      for (const name of states.keys()) states.set(name, { kind: "warm", expiry });
      return {
        storageClass: "DEEP_ARCHIVE",
        archivedRenames,
        deps: { warmUp: renameSetting(world) },
      };
    },
    open: () => void (isOpen = true),
  };
}
