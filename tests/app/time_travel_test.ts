import assert from "node:assert/strict";
import fc from "fast-check";
import { diffStates } from "../../src/app/diff_states.ts";
import { entryHistory } from "../../src/app/entry_history.ts";
import { findRanges } from "../../src/app/find_ranges.ts";
import { historyLog } from "../../src/app/history_log.ts";
import { historySubject } from "../../src/app/history_subject.ts";
import { openState } from "../../src/app/read_state.ts";
import type { Difference } from "../../src/core/index/entry_difference.ts";
import { pathGlob } from "../../src/core/path_glob.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import type { Replayer } from "../../src/ports/replay.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { seed } from "../seed.ts";
import { createLog, databaseFolder, sha256 } from "../sqlite/log_fixture.ts";
import { anySteps, type Moment, type Step, type Tree, writeSteps } from "./moving_history.ts";

interface Written {
  readonly log: JobLog;
  readonly replayer: Replayer;
  readonly moments: Moment[];
}

function overRandomSteps(check: (written: Written) => void, numRuns: number): void {
  const home = databaseFolder();
  let number = 0;
  try {
    fc.assert(
      fc.property(anySteps, (steps: Step[]) => {
        const log = createLog(`${home}/${++number}.db`);
        try {
          const moments = writeSteps(log, steps);
          check({ log, replayer: sqliteReplayer(home, sha256), moments });
        } finally {
          log.close();
        }
      }),
      { seed, numRuns },
    );
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}

function differences({ log, replayer }: Written, from: Moment, to: Moment): Difference[] {
  const open = ({ position }: Moment) =>
    openState(log, replayer, { kind: "position", position }, () => {});
  const [a, b] = [open(from), open(to)];
  try {
    return [...diffStates(log, a, b)];
  } finally {
    a.close();
    b.close();
  }
}

/** The paths of the first tree, changed as the differences say. */
function applied(tree: Tree, told: readonly Difference[]): string[] {
  const gone = new Set(told.filter(({ kind }) => kind === "removed").map(({ path }) => path));
  const renamed = told.filter(({ kind }) => kind === "renamed")
    .sort((a, b) => b.from!.length - a.from!.length);
  const carried = [...tree.keys()].filter((path) => !gone.has(path)).map((path) => {
    const move = renamed.find(({ from }) => path === from || path.startsWith(`${from}/`));
    return move === undefined ? path : move.path + path.slice(move.from!.length);
  });
  const added = told.filter(({ kind }) => kind === "added").map(({ path }) => path);
  return [...carried, ...added].sort();
}

Deno.test("a diff makes any state's paths into any other's, forth and back", () =>
  overRandomSteps((written) => {
    const { moments } = written;
    const last = moments.length - 1;
    for (const [i, j] of [[0, last], [last, 0], [last >> 1, last], [0, last >> 1]]) {
      const told = differences(written, moments[i], moments[j]);
      const tree = [...moments[j].tree.keys()].sort();
      assert.deepEqual(applied(moments[i].tree, told), tree);
      for (const { kind, from, path } of told) {
        if (kind !== "renamed") continue;
        assert.equal(moments[i].tree.get(from!)!.token, moments[j].tree.get(path)!.token);
      }
      const same = differences(written, moments[j], moments[j]);
      assert.deepEqual(same, []);
    }
  }, 60));

/** Each path of what has this token now, oldest first, back to where it was first seen. */
function pathsOf(moments: readonly Moment[], token: number): string[] {
  const paths: string[] = [];
  for (const { tree } of moments) {
    for (const [path, what] of tree) {
      if (what.token === token && paths.at(-1) !== path) paths.push(path);
    }
  }
  return paths;
}

Deno.test("the history of each entry tells all paths that it had, and a former one finds it", () =>
  overRandomSteps(({ log, moments }) => {
    const of = historyLog(log, log.index, log.head().position);
    const now = moments.at(-1)!.tree;
    for (const [path, { token, isFolder }] of now) {
      const subject = historySubject(of, path);
      assert.ok(subject.kind === "found", path);
      const items = entryHistory(of, subject);
      const begin = items.findLastIndex(({ fact }) => fact.what === "seen" || fact.what === "left");
      const life = items.slice(begin).filter(({ fact }) => fact.what !== "left");
      const told = life.map((item) => item.path).filter((one, i, all) => one !== all[i - 1]);
      assert.deepEqual(told, pathsOf(moments, token), path);
      if (isFolder) continue;
      for (const former of pathsOf(moments, token)) {
        if (moments.some(({ tree }) => (tree.get(former)?.token ?? token) !== token)) continue;
        const found = historySubject(of, former);
        assert.equal(found.kind === "found" && found.path, path, former);
      }
    }
  }, 60));

Deno.test("find over all states finds each path for just as long as it was there", () =>
  overRandomSteps(({ log, replayer, moments }) => {
    const wanted = { matchers: [pathGlob("a"), pathGlob("/d/**")] };
    const found = new Map(
      findRanges(log, replayer, wanted, () => {}).map(({ path, ranges }) => [path, ranges]),
    );
    const fits = (path: string) => wanted.matchers.some((matches) => matches(path));
    for (const { position, tree } of moments) {
      const there = [...tree.keys()].filter(fits).sort();
      const told = [...found].filter(([, ranges]) =>
        ranges.some(({ from, until = Infinity }) => from <= position && position < until)
      ).map(([path]) => path).sort();
      assert.deepEqual(told, there);
    }
  }, 60));
