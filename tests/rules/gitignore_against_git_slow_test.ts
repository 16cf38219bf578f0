import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOfText, joinPath, textOfBytes } from "../../src/core/path_text.ts";
import type { Rules } from "../../src/ports/rules.ts";
import { gitignoreRules } from "../../src/rules/gitignore_rules.ts";

interface Tree {
  readonly root: string;
  readonly folders: Set<string>;
  /** In the order of a walk: a folder before what is in it. */
  readonly paths: readonly string[];
}

const names = ["a", "b", "ab", "a.b", ".a", "-", "a b", "a ", "é", "A", "!a", "#a", "[a]", "a*"];
const oddNames = ["\\a", "a\nb", "...", "x]y", "\u{1F600}"];

function makeTree(): Tree {
  const root = Deno.makeTempDirSync({ prefix: "holdfast-rules-" });
  git(root, ["init", "--quiet"]);
  const folders = new Set<string>();
  const paths: string[] = [];
  const fill = (folder: string, depth: number) => {
    for (const [i, name] of [...names, ...oddNames].entries()) {
      const path = joinPath(folder, name);
      paths.push(path);
      if (depth < 3 && i % (depth + 1) === 0 && i < 9) {
        Deno.mkdirSync(`${root}/${path}`);
        folders.add(path);
        fill(path, depth + 1);
      } else Deno.writeTextFileSync(`${root}/${path}`, "");
    }
  };
  fill("", 0);
  return { root, folders, paths };
}

function git(root: string, args: string[], input?: Uint8Array<ArrayBuffer>): Uint8Array {
  const file = Deno.makeTempFileSync();
  if (input !== undefined) Deno.writeFileSync(file, input);
  const command = new Deno.Command("sh", {
    args: ["-c", 'exec git -C "$0" -c core.excludesFile=/dev/null "$@" < "$INPUT"', root, ...args],
    env: { INPUT: file, GIT_CONFIG_NOSYSTEM: "1" },
  });
  const { code, stdout, stderr } = command.outputSync();
  Deno.removeSync(file);
  if (code > 1) throw new Error(new TextDecoder().decode(stderr));
  return stdout;
}

function excludedByGit(tree: Tree): Set<string> {
  const input = bytesOfText(tree.paths.map((path) => `./${path}\0`).join(""));
  const output = git(tree.root, ["check-ignore", "--no-index", "-z", "--stdin"], input);
  return new Set(textOfBytes(output).split("\0").map((path) => path.replace(/^\.\//, "")));
}

function excludedByRules(tree: Tree, config: Rules, files: Map<string, string>): Set<string> {
  const excluded = new Set<string>();
  const inForce = new Map<string, Rules>();
  const entered = (folder: string, rules: Rules) => {
    const content = files.get(folder);
    const inside = content === undefined
      ? rules
      : rules.withIgnoreFile(folder, bytesOfText(content));
    inForce.set(folder, inside);
  };
  entered("", config);
  for (const path of tree.paths) {
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    const rules = inForce.get(folder);
    const isFolder = tree.folders.has(path);
    if (rules === undefined || rules.excludes(path, isFolder)) excluded.add(path);
    else if (isFolder) entered(path, rules);
  }
  return excluded;
}

const piece = fc.constantFrom(
  ...["a", "b", "*", "?", "a*", "*b", ".", "-", " ", "\\ ", "é", "\\", "!", "#", "\\!", "\\#"],
  ...["[ab]", "[!a]", "[^a]", "[a-z]", "[[:alpha:]]", "[]a]", "[é]", "\\*", "\\[", "[a", "]", "A"],
);
const glued = fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join(""));
// Not "a**" before a slash: git 2.39 cuts the literal prefix off and reads the rest as "**/".
const segment = fc.oneof({ weight: 6, arbitrary: glued }, {
  weight: 1,
  arbitrary: fc.constant("**"),
})
  .map((text) => /[^*]\*\*+$/.test(text) ? text.replace(/\*+$/, "*") : text);
const pattern = fc.tuple(
  fc.constantFrom("", "", "!"),
  fc.constantFrom("", "", "/", "**/"),
  fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/")),
  fc.constantFrom("", "", "/", "/**", "/*", " ", "\r"),
).map((parts) => parts.join(""));
const lines = fc.array(pattern, { minLength: 1, maxLength: 6 });
const place = fc.constantFrom("", "a", "ab/a", ".a", "a b", "-", "é");

function hasGit(): boolean {
  try {
    return new Deno.Command("git", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

Deno.test("random rules exclude what git check-ignore excludes", () => {
  if (!hasGit()) {
    assert.notEqual(Deno.env.get("CI"), "true", "git is missing");
    console.log("skipped: git is missing");
    return;
  }
  const tree = makeTree();
  try {
    fc.assert(
      fc.property(
        lines,
        fc.dictionary(place, lines, { maxKeys: 3 }),
        (exclude, nested) => {
          Deno.writeTextFileSync(`${tree.root}/.git/info/exclude`, exclude.join("\n"));
          const files = new Map<string, string>();
          for (const [folder, patterns] of Object.entries(nested)) {
            if (folder !== "" && !tree.folders.has(folder)) continue;
            files.set(folder, patterns.join("\n"));
            Deno.writeTextFileSync(`${tree.root}/${folder}/.gitignore`, patterns.join("\n"));
          }
          try {
            const rules = gitignoreRules({ exclude, include: [], ignoreFile: ".gitignore" });
            const ours = excludedByRules(tree, rules, files);
            const theirs = excludedByGit(tree);
            const differing = tree.paths.filter((path) => ours.has(path) !== theirs.has(path));
            assert.deepEqual(
              differing.map((p) =>
                `${theirs.has(p) ? "git excludes" : "git keeps"} ${JSON.stringify(p)}`
              ).slice(0, 5),
              [],
            );
          } finally {
            for (const folder of files.keys()) Deno.removeSync(`${tree.root}/${folder}/.gitignore`);
          }
        },
      ),
      { numRuns: Number(Deno.env.get("RULES_RUNS") ?? 300) },
    );
  } finally {
    Deno.removeSync(tree.root, { recursive: true });
  }
});
