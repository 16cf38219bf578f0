import assert from "node:assert/strict";
import { collateFolders, type FolderTotals } from "../../src/app/collate_folders.ts";
import { findListed, type Listed } from "../../src/app/find_listed.ts";
import { listEntries } from "../../src/app/list_entries.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { createLog, databaseFolder } from "../sqlite/log_fixture.ts";
import { entry, folder, object, observed, RUN, scanned, stored } from "./look_fixture.ts";

/**
 * `top` and `a/x` are files of 1 and 10 bytes; `a/b` holds 100 bytes (the only ones not stored), `a/b/c`
 * 1,000 and `a/b/c/d` 10,000; `a-b/y` 100,000 and `empty` nothing.
 */
function tree(log: JobLog): void {
  log.append(RUN.first, [scanned("")]);
  const file = (name: string, size: number) => entry(name, { size: String(size) });
  log.append(RUN.first, [
    observed("", {
      "": [folder("", { fs: "fs" }), folder("a"), folder("a-b"), folder("empty"), file("top", 1)],
      a: [folder("b"), file("x", 10), entry("link", { type: "symlink", target: "x" })],
      "a/b": [folder("c"), file("x", 100)],
      "a/b/c": [folder("d"), file("x", 1000)],
      "a/b/c/d": [file("x", 10_000)],
      "a-b": [file("y", 100_000)],
    }),
  ]);
  log.append(RUN.first, [
    stored("", {
      "": [object("top", 2)],
      a: [object("x", 2)],
      "a/b/c": [object("x", 2)],
      "a/b/c/d": [object("x", 2)],
      "a-b": [object("y", 2)],
    }),
  ]);
}

async function collated(log: JobLog, path: string, depth: number): Promise<FolderTotals[]> {
  const listed = findListed(log.index, path) as Listed;
  const entries = listEntries(log.index, listed, { recursive: true });
  const found: FolderTotals[] = [];
  for await (const totals of collateFolders(entries, { path, depth }, () => undefined)) {
    found.push({ ...totals });
  }
  return found;
}

async function withTree(work: (log: JobLog) => Promise<void>, write = tree): Promise<void> {
  const home = databaseFolder();
  const log = createLog(`${home}/home.db`);
  try {
    write(log);
    await work(log);
  } finally {
    log.close();
    Deno.removeSync(home, { recursive: true });
  }
}

const lineOf = ({ path, entries, files, bytes, storedBytes }: FolderTotals) =>
  `${path}: ${entries} ${files} ${bytes} ${storedBytes}`;

Deno.test("each top folder has the totals of all below it, and the root those of what is in it", () =>
  withTree(async (log) => {
    assert.deepEqual((await collated(log, "", 1)).map(lineOf), [
      "a: 9 4 11110 11010",
      "a-b: 2 1 100000 100000",
      "empty: 1 0 0 0",
      ": 1 1 1 1",
    ]);
  }));

Deno.test("above the depth a folder counts what is directly in it, so that nothing counts twice", () =>
  withTree(async (log) => {
    assert.deepEqual((await collated(log, "", 2)).map(lineOf), [
      "a/b: 6 3 11100 11000",
      "a: 3 1 10 10",
      "a-b: 2 1 100000 100000",
      "empty: 1 0 0 0",
      ": 1 1 1 1",
    ]);
  }));

Deno.test("depths are counted from the path that is asked for", () =>
  withTree(async (log) => {
    assert.deepEqual((await collated(log, "a/b", 1)).map(lineOf), [
      "a/b/c: 4 2 11000 11000",
      "a/b: 1 1 100 0",
    ]);
    assert.deepEqual((await collated(log, "empty", 1)).map(lineOf), []);
  }));

Deno.test("at any depth, the entries and bytes add up to what ls --recursive lists", () =>
  withTree(async (log) => {
    for (const path of ["", "a", "a/b/c"]) {
      const listed = findListed(log.index, path) as Listed;
      const all = [...listEntries(log.index, listed, { recursive: true })];
      for (const depth of [1, 2, 3, 4, 9]) {
        const found = await collated(log, path, depth);
        const entries = found.reduce((sum, totals) => sum + totals.entries, 0);
        assert.equal(entries, all.length, `${path} ${depth}`);
        assert.equal(new Set(found.map((totals) => totals.path)).size, found.length);
      }
    }
  }));

Deno.test("named sources are the top folders", () =>
  withTree(async (log) => {
    assert.deepEqual((await collated(log, "", 1)).map(lineOf), ["docs: 3 1 5 0", "mail: 2 1 5 0"]);
    assert.deepEqual((await collated(log, "", 2)).map(lineOf), [
      "docs/in: 2 1 5 0",
      "docs: 1 0 0 0",
      "mail: 2 1 5 0",
    ]);
    assert.deepEqual((await collated(log, "docs", 1)).map(lineOf), ["docs/in: 2 1 5 0"]);
  }, (log) => {
    log.append(RUN.first, [scanned("mail"), scanned("docs")]);
    log.append(RUN.first, [
      observed("mail", { "": [folder("", { fs: "fs" }), entry("inbox")] }),
      observed("docs", { "": [folder("", { fs: "fs" }), folder("in")], in: [entry("a")] }),
    ]);
  }));
