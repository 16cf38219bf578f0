import type { ReadState, WantedState } from "../app/read_state.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** A state that can be let go of while nobody reads it: the next read opens it again. */
export interface HeldState extends ReadState {
  letGo(): void;
}

/**
 * An open transaction keeps SQLite's log of a database from being written back, and a replay has a
 * file of the index's size: neither is to last as long as a restore waits.
 */
export function heldState(
  open: (wanted: WantedState) => ReadState,
  wanted: WantedState,
): HeldState {
  let opened: ReadState | undefined = open(wanted);
  const { position, snapshot, label } = opened;
  const letGo = () => {
    opened?.close();
    opened = undefined;
  };
  return {
    ...{ position, label, letGo, close: letGo },
    ...(snapshot === undefined ? {} : { snapshot }),
    index: heldIndex(() => (opened ??= open({ kind: "position", position })).index),
  };
}

function heldIndex(current: () => IndexModel): IndexModel {
  const parts: Partial<IndexModel> = {
    tables: held(() => current().tables),
    packs: held(() => current().packs),
    restores: held(() => current().restores),
    paths: held(() => current().paths),
    keys: held(() => current().keys),
  };
  const rest = held(current);
  const get = (name: string | symbol) => Reflect.get(parts, name) ?? Reflect.get(rest, name);
  return new Proxy(rest, { get: (_, name) => get(name) });
}

/** Passes each call on to what `current` gives then, also one of a function that was taken before. */
export function held<Model extends object>(current: () => Model): Model {
  const now = (name: string | symbol) => Reflect.get(current() as object, name);
  const get = (name: string | symbol) => {
    const value = now(name);
    return typeof value === "function" ? (...args: unknown[]) => now(name)(...args) : value;
  };
  return new Proxy({} as Model, { get: (_, name) => get(name) });
}
