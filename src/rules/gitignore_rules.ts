import ignore from "ignore";
import type { PathText } from "../core/path_text.ts";
import type { Rules } from "../ports/rules.ts";
import {
  type ByteText,
  byteText,
  patternFromRoot,
  patternLines,
  withoutTrailingSpaces,
  withPlainSlashes,
} from "./pattern_line.ts";

export interface RuleOptions {
  /** gitignore patterns from the source's root; a leading "!" takes an entry back in. */
  readonly exclude: readonly string[];
  /**
   * Exceptions to `exclude`: each is the pattern with "!" in front, after all of `exclude`. So an
   * entry that both name is kept, an entry that neither names is kept, and an entry below an
   * excluded folder stays out whatever `include` says (exclude `dir/*` instead of `dir`).
   */
  readonly include: readonly string[];
  /** Name of the ignore file, or "" for none. */
  readonly ignoreFile: string;
}

/**
 * gitignore's rules (gitignore(5)), matched byte by byte and with regard to case, as git does on
 * Linux. `exclude` and `include` have the place of git's `info/exclude`: an ignore file on the way
 * overrides them, and a deeper ignore file overrides a higher one.
 */
export function gitignoreRules(options: RuleOptions): Rules {
  const patterns = [
    ...options.exclude.map(byteText),
    ...options.include.map((pattern) => `!${byteText(pattern)}`),
  ].map(withoutTrailingSpaces).map(withPlainSlashes).filter(saysSomething);
  return rulesOf(patterns, options.ignoreFile, undefined);
}

function saysSomething(pattern: ByteText): boolean {
  return pattern !== "" && pattern !== "!" && !pattern.startsWith("#");
}

function rulesOf(
  patterns: readonly ByteText[],
  ignoreFile: string,
  parent: Matcher | undefined,
): Rules {
  const matcher = matcherOf(patterns, parent);
  const empty = matcher.patterns.every((pattern) => pattern.startsWith("!"));
  const identity = JSON.stringify([ignoreFile, ...matcher.patterns]);
  const rules: Rules = {
    empty,
    ignoreFile,
    identity,
    excludes: (path, isFolder) => !empty && path !== "" && matcher.excludes(path, isFolder),
    withIgnoreFile(folder, content) {
      const place = byteText(folder);
      const lines = patternLines(content).map((line) => patternFromRoot(line, place));
      return lines.length === 0 ? rules : rulesOf(lines, ignoreFile, matcher);
    },
  };
  return rules;
}

interface Matcher {
  readonly patterns: readonly ByteText[];
  readonly compiled: ignore.Ignore;
  excludes(path: PathText, isFolder: boolean): boolean;
}

/** `ignore` remembers every path it was asked about; a fresh copy every so often forgets them. */
const REMEMBERED_PATHS = 1024;

function matcherOf(added: readonly ByteText[], parent: Matcher | undefined): Matcher {
  const compiled = fresh();
  if (parent !== undefined) compiled.add(parent.compiled);
  compiled.add(added.map((pattern) => ({ pattern })));
  let current = compiled;
  let asked = 0;
  return {
    patterns: [...(parent?.patterns ?? []), ...added],
    compiled,
    excludes(path, isFolder) {
      if (asked++ % REMEMBERED_PATHS === 0) current = fresh().add(compiled);
      const place = byteText(path);
      return current.ignores(isFolder ? `${place}/` : place);
    },
  };
}

function fresh(): ignore.Ignore {
  return ignore({ ignorecase: false, allowRelativePaths: true });
}
