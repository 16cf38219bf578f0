import assert from "node:assert/strict";
import fc from "fast-check";
import type { AnyEvent, ObservedEntry } from "../../src/core/event/event.ts";
import { movedPaths } from "../../src/core/index/moved_paths.ts";
import { splitPath } from "../../src/core/path_text.ts";
import { seed } from "../seed.ts";

type Step = { run: string; path: string } & Partial<ObservedEntry>;

function pairsAfter(...steps: Step[]): Record<string, string> {
  const moved = movedPaths();
  for (const { run, path, ...more } of steps) {
    const { folder, name } = splitPath(path);
    const entries = [{ name, change: "moved", type: "file", ...more } as ObservedEntry];
    const data = { source: "", seen: "0", folders: [{ path: folder, entries }] };
    moved.take({ position: 1, at: "", run, version: 1, type: "EntriesObserved", data } as AnyEvent);
  }
  return Object.fromEntries([...moved.pairs()].map(({ from, to }) => [from, to]));
}

const file = (run: string, from: string, path: string): Step => ({ run, path, from });
const folder = (run: string, from: string, path: string): Step => ({
  ...{ run, path, from, type: "folder" },
});

Deno.test("a file that was moved again and again has one first and one last path", () => {
  const steps = [file("1", "a", "b"), file("2", "b", "d/c"), file("3", "d/c", "e")];
  assert.deepEqual(pairsAfter(...steps), { a: "e" });
  assert.deepEqual(pairsAfter(...steps, file("4", "e", "a")), {});
});

Deno.test("what one run moved is moved at once, in whatever order it is said", () => {
  const swap = [file("1", "a", "b"), file("1", "b", "a")];
  assert.deepEqual(pairsAfter(...swap), { a: "b", b: "a" });
  const chain = [file("1", "a", "b"), file("1", "b", "c")];
  assert.deepEqual(pairsAfter(...chain), { a: "b", b: "c" });
  assert.deepEqual(pairsAfter(...chain.toReversed()), { a: "b", b: "c" });
  assert.deepEqual(pairsAfter(...chain, file("2", "b", "a"), file("2", "c", "b")), {});
});

Deno.test("files follow their folders", () => {
  assert.deepEqual(pairsAfter(folder("1", "d", "e"), file("1", "e/a", "e/b")), {
    ...{ d: "e", "d/a": "e/b" },
  });
  assert.deepEqual(pairsAfter(file("1", "d/a", "d/b"), folder("2", "d", "x/e")), {
    ...{ d: "x/e", "d/a": "x/e/b" },
  });
  const back = [folder("1", "d", "e"), folder("2", "e", "d")];
  assert.deepEqual(pairsAfter(...back), {});
});

Deno.test("a new file on an old name is not the old one", () => {
  const added: Step = { run: "2", path: "a", change: "added", prev: 7 };
  assert.deepEqual(pairsAfter(added, file("3", "a", "c")), {});
  assert.deepEqual(pairsAfter(file("1", "a", "b"), added, file("3", "a", "c")), { a: "b" });
  assert.deepEqual(pairsAfter(folder("1", "d", "e"), file("2", "d/a", "z")), { d: "e" });
});

Deno.test("over random runs the paths are those that the files themselves tell", () => {
  const place = fc.constantFrom("a", "b", "d/a", "d/b", "e/f/c");
  const runs = fc.array(fc.array(fc.tuple(place, place), { maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(runs, (moves) => {
      let files = new Map([["a", "a"], ["d/a", "d/a"], ["e/f/c", "e/f/c"]]);
      const steps: Step[] = [];
      for (const [run, wanted] of moves.entries()) {
        const before = files;
        const done = new Map<string, string>();
        for (const [from, to] of wanted) {
          const isFree = !done.has(to) && ![...done.values()].includes(from);
          if (before.has(from) && from !== to && isFree) done.set(to, from);
        }
        const left = new Set(done.values());
        files = new Map([...before].filter(([path]) => !left.has(path) && !done.has(path)));
        for (const [to, from] of done) {
          files.set(to, before.get(from)!);
          steps.push(file(String(run), from, to));
        }
      }
      const expected = [...files].filter(([path, first]) => path !== first);
      const pairs = pairsAfter(...steps);
      for (const [path, first] of expected) assert.equal(pairs[first], path);
    }),
    { seed, numRuns: 500 },
  );
});
