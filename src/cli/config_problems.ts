import { HoldfastError, isKind } from "../core/error.ts";
import type { TomlPath } from "./toml_lines.ts";

/** Collects what is wrong with a config, so that one run shows all of it. */
export interface Problems {
  add(path: TomlPath, what: string, hint?: string): void;
  /** Runs `read`; a usage error becomes a problem of the value at `path`, and undefined comes back. */
  attempt<T>(path: TomlPath, read: () => T): T | undefined;
  readonly count: number;
  /** Throws one error with all problems, in order of their lines; returns where there are none. */
  throwAny(): void;
}

interface Problem {
  readonly line: number;
  readonly text: string;
  readonly hint: string | undefined;
}

export function problemsOf(file: string, lineOf: (path: TomlPath) => number): Problems {
  const found: Problem[] = [];
  const add = (path: TomlPath, what: string, hint?: string) => {
    const key = keyText(path);
    found.push({ line: lineOf(path), text: key === "" ? what : `${key}: ${what}`, hint });
  };
  return {
    add,
    attempt(path, read) {
      try {
        return read();
      } catch (error) {
        if (!isKind(error, "usage")) throw error;
        add(path, error.message, error.hint);
        return undefined;
      }
    },
    get count() {
      return found.length;
    },
    throwAny() {
      if (found.length > 0) throw errorOf(file, found.toSorted((a, b) => a.line - b.line));
    },
  };
}

function errorOf(file: string, problems: readonly Problem[]): HoldfastError {
  const [first] = problems;
  if (problems.length === 1) {
    return new HoldfastError("usage", `${file}:${first.line}: ${first.text}`, { hint: first.hint });
  }
  const context: Record<string, string> = {};
  for (const { line, text, hint } of problems) {
    const place = `${file}:${line}`;
    const said = hint === undefined ? text : `${text} (${hint})`;
    context[place] = context[place] === undefined ? said : `${context[place]}; ${said}`;
  }
  return new HoldfastError("usage", `${problems.length} errors in ${file}`, { context });
}

/** `job.photos.sources[1].path`, as TOML writes it. */
function keyText(path: TomlPath): string {
  return path.map((part, i) => {
    if (typeof part === "number") return `[${part}]`;
    const key = /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
    return i === 0 ? key : `.${key}`;
  }).join("");
}
