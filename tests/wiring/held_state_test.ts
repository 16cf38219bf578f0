import assert from "node:assert/strict";
import type { ReadState, WantedState } from "../../src/app/read_state.ts";
import type { IndexModel } from "../../src/ports/event_log.ts";
import { heldState } from "../../src/wiring/held_state.ts";

/** States that say which opening they are of. */
function openings() {
  const wanted: WantedState[] = [];
  const closed: number[] = [];
  const open = (at: WantedState): ReadState => {
    const number = wanted.push(at);
    const read = () => {
      if (closed.includes(number)) throw new Error("it is closed");
      return number;
    };
    const index = { unreadable: read, paths: { pathOf: read } } as unknown as IndexModel;
    return { index, position: 7, label: "a state", close: () => void closed.push(number) };
  };
  return { open, wanted, closed };
}

Deno.test("a state that was let go of is opened again when it is read, at the same position", () => {
  const { open, wanted, closed } = openings();
  const state = heldState(open, { kind: "head" });
  const { index } = state;
  const { unreadable, paths } = index;
  assert.deepEqual([state.position, state.label, index.unreadable()], [7, "a state", 1]);
  state.letGo();
  assert.deepEqual([closed, wanted.length], [[1], 1]);
  // What was taken of it before goes on reading.
  assert.deepEqual([paths.pathOf(0), unreadable()], [2, 2]);
  assert.deepEqual(wanted, [{ kind: "head" }, { kind: "position", position: 7 }]);
  state.close();
  assert.deepEqual(closed, [1, 2]);
});
