import fc from "fast-check";
import type { AnyNewEvent, ObservedEntry } from "../../src/core/event/event.ts";
import { bytesOfText, joinPath, splitPath } from "../../src/core/path_text.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { entry, folder, observed, removed, scanned, started } from "./look_fixture.ts";
import { movedFolder, run } from "./moved_fixture.ts";

/** What is at each path: a token that goes with the file or folder wherever it is moved. */
export type Tree = ReadonlyMap<string, { readonly token: number; readonly isFolder: boolean }>;

export interface Moment {
  readonly position: number;
  readonly tree: Tree;
}

export type Step =
  | { readonly kind: "files"; readonly moves: [string, string][]; readonly touched: string[] }
  | { readonly kind: "folder"; readonly from: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string };

const FOLDERS = ["d", "e", "d/s", "e/s", "x"];
const anyFolder = fc.constantFrom(...FOLDERS);
const anyFile = fc.tuple(fc.constantFrom("", ...FOLDERS), fc.constantFrom("a", "b"))
  .map(([place, name]) => joinPath(place, name));

export const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("files" as const),
      moves: fc.array(fc.tuple(anyFile, anyFile), { maxLength: 4 }),
      touched: fc.array(anyFile, { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("folder" as const), from: anyFolder, to: anyFolder }),
    fc.record({ kind: fc.constant("remove" as const), path: fc.oneof(anyFile, anyFolder) }),
  ),
  { minLength: 1, maxLength: 12 },
);

/** Writes a log of one run a step, as scans that notice every move would; the trees after each. */
export function writeSteps(log: JobLog, steps: readonly Step[]): Moment[] {
  const author = authorOf(log);
  const moments = [author.begin()];
  for (const [i, step] of steps.entries()) moments.push(author.take(i + 2, step));
  return moments;
}

function authorOf(log: JobLog) {
  let tree: Map<string, { token: number; isFolder: boolean }> = new Map();
  let tokens = 0;
  const { index } = log;

  const prevOf = (path: string, isFolder: boolean): { prev?: number } => {
    const { folder: place, name } = splitPath(path);
    const holder = index.paths.find("", place);
    const bytes = bytesOfText(name);
    const row = holder &&
      (isFolder
        ? index.tables.findFolder(holder.id, bytes)
        : index.tables.findEntry(holder.id, bytes));
    return row === undefined ? {} : { prev: row.position };
  };

  function append(number: number, entries: Record<string, ObservedEntry[]>): void {
    const events: AnyNewEvent[] = [started("backup"), scanned("")];
    const filled = Object.entries(entries).filter(([, list]) => list.length > 0);
    if (filled.length > 0) events.push(observed("", Object.fromEntries(filled)));
    log.append(run(number), events);
  }

  function moment(): Moment {
    return { position: log.head().position, tree: new Map(tree) };
  }

  function begin(): Moment {
    const entries: Record<string, ObservedEntry[]> = { "": [folder("", { fs: "fs" })] };
    const add = (path: string, isFolder: boolean) => {
      const { folder: place, name } = splitPath(path);
      tree.set(path, { token: ++tokens, isFolder });
      (entries[place] ??= []).push(isFolder ? folder(name) : entry(name, { size: `${tokens}` }));
    };
    for (const path of ["d", "e", "d/s"]) add(path, true);
    for (const path of ["a", "d/a", "d/b", "d/s/a", "e/b"]) add(path, false);
    append(1, entries);
    return moment();
  }

  const holds = (path: string) => path === "" || tree.get(path)?.isFolder === true;

  function files(number: number, wanted: [string, string][], touched: string[]): void {
    const before = tree;
    const targets = new Map<string, string>();
    for (const [from, to] of wanted) {
      const file = before.get(from);
      const isFree = !targets.has(to) && ![...targets.values()].includes(from);
      const fits = file !== undefined && !file.isFolder && holds(splitPath(to).folder) &&
        before.get(to)?.isFolder !== true;
      if (fits && isFree && from !== to) targets.set(to, from);
    }
    const left = new Set(targets.values());
    tree = new Map([...before].filter(([path]) => !left.has(path) && !targets.has(path)));
    const entries: Record<string, ObservedEntry[]> = {};
    const say = (path: string, make: (name: string) => ObservedEntry) => {
      const { folder: place, name } = splitPath(path);
      (entries[place] ??= []).push(make(name));
    };
    for (const [to, from] of targets) {
      tree.set(to, before.get(from)!);
      say(to, (name) => entry(name, { change: "moved", from, size: "3", ...prevOf(to, false) }));
    }
    for (const path of left) {
      if (!targets.has(path)) say(path, (name) => removed(name, prevOf(path, false).prev!));
    }
    for (const path of new Set(touched)) {
      const isNew = !before.has(path) && !targets.has(path);
      if (!isNew || !holds(splitPath(path).folder)) continue;
      tree.set(path, { token: ++tokens, isFolder: false });
      say(path, (name) => entry(name, { size: "3", ...prevOf(path, false) }));
    }
    append(number, entries);
  }

  function moveFolder(number: number, from: string, to: string): void {
    const { folder: place, name } = splitPath(to);
    const isNew = !tree.has(to) && prevOf(to, true).prev === undefined;
    const fits = holds(from) && isNew && holds(place) && !`${to}/`.startsWith(`${from}/`);
    if (!fits) return append(number, {});
    append(number, { [place]: [movedFolder(name, from, prevOf(from, true).prev!)] });
    tree = new Map(
      [...tree].map(([path, what]) =>
        path === from || path.startsWith(`${from}/`)
          ? [to + path.slice(from.length), what]
          : [path, what]
      ),
    );
  }

  function remove(number: number, path: string): void {
    const entries: Record<string, ObservedEntry[]> = {};
    const gone = [...tree].filter(([one]) => one === path || one.startsWith(`${path}/`))
      .sort(([a], [b]) => b.length - a.length);
    for (const [one, { isFolder }] of gone) {
      const { folder: place, name } = splitPath(one);
      const type = isFolder ? "folder" : "file";
      (entries[place] ??= []).push({ ...removed(name, prevOf(one, isFolder).prev!), type });
      tree.delete(one);
    }
    append(number, entries);
  }

  return {
    begin,
    take(number: number, step: Step): Moment {
      if (step.kind === "files") files(number, step.moves, step.touched);
      else if (step.kind === "folder") moveFolder(number, step.from, step.to);
      else remove(number, step.path);
      return moment();
    },
  };
}
