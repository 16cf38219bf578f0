import assert from "node:assert/strict";
import fc from "fast-check";
import type { AnyEvent } from "../../src/core/event/event.ts";
import { indexFold } from "../../src/core/index/fold.ts";
import { projectRuns } from "../../src/core/index/run_fold.ts";
import { memoryTables } from "./memory_tables.ts";
import { type Command, eventsOf, fileCommand, RUN } from "./random_history.ts";
import { worldOf } from "./random_world.ts";
import {
  apply,
  applyEvent,
  checkStore,
  type Effect,
  noteSnapshot,
  simulatedStore,
} from "./simulated_store.ts";
import { seed } from "../seed.ts";

const HISTORIES = 3000;
const COMMANDS = 60;

/** Transactions of one to four commands; the answers of the first one's requests may get lost. */
const history = fc.array(
  fc.record({
    commands: fc.array(fileCommand, { minLength: 1, maxLength: 4 }),
    crash: fc.nat(7).map((n) => n === 0),
  }),
  { minLength: COMMANDS / 4, maxLength: COMMANDS / 2, size: "max" },
);

Deno.test(`${HISTORIES} long histories: no key that content is believed under is ever overwritten or deleted (seed ${seed})`, () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(history, (steps) => live(steps, seen)),
    { numRuns: HISTORIES, seed },
  );
  for (const what of ["ObjectCopied", "RenameSettled", "ObjectDeleted", "SnapshotForgotten"]) {
    assert.ok((seen.get(what) ?? 0) >= 100, `${what}: ${seen.get(what)} times`);
  }
});

function live(
  steps: readonly { commands: readonly Command[]; crash: boolean }[],
  seen: Map<string, number>,
): void {
  const memory = memoryTables();
  const store = simulatedStore();
  const fold = indexFold(memory.tables);
  let position = 0;
  for (const { commands, crash } of steps) {
    const before = { tables: memory.begin(), objects: store.begin(), position };
    const survivors: Effect = new Map();
    for (const [i, command] of commands.entries()) {
      let isBased = i === 0;
      for (const event of eventsOf(memory, command, { digest: () => "", store, position })) {
        const effect = applyEvent(store, worldOf(memory), event);
        isBased &&= effect.size > 0;
        if (isBased) { for (const [key, content] of effect) survivors.set(key, content); }
        position++;
        seen.set(event.type, (seen.get(event.type) ?? 0) + 1);
        const logged = { ...event, position, at: "", run: RUN, version: 1 } as AnyEvent;
        fold.project(logged);
        projectRuns(memory.tables, logged);
        if (event.type === "SnapshotCreated") noteSnapshot(store, worldOf(memory), position);
      }
      checkStore(store, worldOf(memory));
    }
    if (!crash) continue;
    position = before.position;
    memory.undo(before.tables);
    store.undo(before.objects, position);
    for (const [key, content] of survivors) apply(store, key, content);
    fold.paths.forget();
    fold.keys.forget();
    checkStore(store, worldOf(memory));
  }
}
