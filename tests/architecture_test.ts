import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { filesBelow } from "../scripts/files_below.ts";
import { projectRoot } from "../scripts/project_root.ts";
import { forbiddenWords } from "./architecture/forbidden_words.ts";
import { type Import, readImportGraph, sourceFiles } from "./architecture/import_graph.ts";
import { cycles, forbiddenImports, startUpPackages, unreachable } from "./architecture/layers.ts";

const vagueFolders = ["utils", "util", "helpers", "common"];
const vagueFiles = [...vagueFolders, "index", "mod", "types"];
const startUp = /^npm:\/?(commander|@commander-js\/extra-typings)@/;

function codeFiles(): string[] {
  return ["src", "tests", "scripts"]
    .flatMap((folder) => filesBelow(join(projectRoot, folder)))
    .map((file) => relative(projectRoot, file).split(sep).join("/"))
    .filter((file) => file.endsWith(".ts"));
}

function textOf(file: string): string {
  return readFileSync(join(projectRoot, file), "utf8");
}

Deno.test("no import goes against the layers", async () => {
  assert.deepEqual(forbiddenImports(await readImportGraph()), []);
});

Deno.test("no imports form a cycle", async () => {
  assert.deepEqual(cycles(await readImportGraph()), []);
});

Deno.test("every source file is used by the program", async () => {
  assert.deepEqual(unreachable(await readImportGraph(), "src/main.ts"), []);
});

Deno.test("only the command line parser is loaded at start, everything else when it is used", async () => {
  const packages = startUpPackages(await readImportGraph(), "src/main.ts");
  assert.deepEqual(packages.filter((name) => !startUp.test(name)), []);
});

Deno.test("pure layers touch no clock, no randomness, no I/O and nothing asynchronous", () => {
  assert.deepEqual(sourceFiles().flatMap((file) => forbiddenWords(file, textOf(file))), []);
});

Deno.test("files and folders have telling snake_case names", () => {
  const bad = codeFiles().filter((file) => {
    const folders = file.split("/").slice(0, -1);
    const name = basename(file, ".ts");
    const isVague = vagueFiles.includes(name) ||
      folders.some((folder) => vagueFolders.includes(folder));
    return isVague || [...folders, name].some((part) => !/^[a-z0-9_]+$/.test(part));
  });
  assert.deepEqual(bad, []);
});

Deno.test("no file is longer than 500 lines", () => {
  const long = codeFiles().map((file) => ({ file, lines: textOf(file).split("\n").length - 1 }));
  assert.deepEqual(long.filter(({ lines }) => lines > 500), []);
});

function graph(edges: Record<string, (string | Import)[]>): Map<string, Import[]> {
  const full = (edge: string | Import) =>
    typeof edge === "string" ? { to: edge, isDynamic: false, isType: false } : edge;
  return new Map(Object.entries(edges).map(([file, imports]) => [file, imports.map(full)]));
}

Deno.test("given forbidden arrows, each is named, and allowed ones are not", () => {
  const found = forbiddenImports(graph({
    "src/core/a.ts": ["src/core/b.ts", "src/ports/p.ts", "node:fs", "npm:zod@4.6.7"],
    "src/ports/p.ts": ["src/core/a.ts", "src/ports/q.ts", "src/app/x.ts"],
    "src/report/r.ts": ["src/core/a.ts", "src/ports/p.ts"],
    "src/app/x.ts": ["src/core/a.ts", "src/ports/p.ts", "src/sqlite/log.ts", "node:path"],
    "src/stores/s3/s.ts": ["src/libc/l.ts", "src/ports/p.ts", "npm:ignore@7.0.16"],
    "src/stores/folder/f.ts": ["src/stores/s3/s.ts", "src/stores/folder/g.ts", "src/app/x.ts"],
    "src/sources/local/l.ts": ["src/rules/r.ts"],
    "src/libc/l.ts": ["src/core/a.ts", "src/sqlite/log.ts"],
    "src/cli/c.ts": ["src/app/x.ts", "src/report/r.ts", "src/stores/s3/s.ts", "deno.json"],
    "src/main.ts": ["src/stores/s3/s.ts", "src/cli/c.ts", "https://example.com/x.ts"],
  }));
  assert.deepEqual(found.map((line) => line.split(":")[0] + ":" + line.split(":")[1]), [
    "src/core/a.ts imports src/ports/p.ts: core may not import ports",
    "src/core/a.ts imports node:fs",
    "src/core/a.ts imports npm:zod@4.6.7",
    "src/ports/p.ts imports src/app/x.ts: ports may not import app",
    "src/report/r.ts imports src/ports/p.ts: report may not import ports",
    "src/app/x.ts imports src/sqlite/log.ts: app may not import adapter",
    "src/app/x.ts imports node:path",
    "src/stores/folder/f.ts imports src/stores/s3/s.ts: an adapter never imports another one",
    "src/stores/folder/f.ts imports src/app/x.ts: adapter may not import app",
    "src/sources/local/l.ts imports src/rules/r.ts: an adapter never imports another one",
    "src/libc/l.ts imports src/sqlite/log.ts: libc may not import adapter",
    "src/cli/c.ts imports src/stores/s3/s.ts: cli may not import adapter",
    "src/main.ts imports https://example.com/x.ts",
  ]);
});

Deno.test("given a cycle, an unused file and an eager package, each is named", () => {
  const lazy = { to: "src/lazy.ts", isDynamic: true, isType: false };
  const given = graph({
    "src/main.ts": ["src/a.ts", lazy, { to: "npm:typed@1", isDynamic: false, isType: true }],
    "src/a.ts": ["src/b.ts", "npm:eager@1"],
    "src/b.ts": ["src/a.ts"],
    "src/lazy.ts": ["npm:late@1"],
    "src/unused.ts": ["src/a.ts"],
  });
  assert.deepEqual(cycles(given), ["src/a.ts → src/b.ts → src/a.ts"]);
  assert.deepEqual(unreachable(given, "src/main.ts"), ["src/unused.ts"]);
  assert.deepEqual(startUpPackages(given, "src/main.ts"), ["npm:eager@1"]);
});

Deno.test("given forbidden words, they are found in code and not in comments or strings", () => {
  const text = 'const a = Date.now(); // Deno.cwd\nconst b = "fetch(";\n/* await */ await b;\n';
  assert.deepEqual(forbiddenWords("src/core/x.ts", text), [
    "src/core/x.ts:1 reaches for the clock: Date",
    "src/core/x.ts:3 reaches for asynchrony: await",
  ]);
  assert.deepEqual(forbiddenWords("src/app/x.ts", text), [
    "src/app/x.ts:1 reaches for the clock: Date",
  ]);
  assert.deepEqual(forbiddenWords("src/ports/x.ts", text).length, 2);
  assert.deepEqual(forbiddenWords("src/stores/s3/x.ts", text), []);
});
