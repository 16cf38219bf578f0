import { join } from "node:path";
import { run } from "../command.ts";
import { projectRoot } from "../project_root.ts";
import { treeDifferences, type TreeState } from "./tree_state.ts";

/** Runs a command of one job; `code` is the exit code that it must end with, 0 by default. */
export type Holdfast = (args: string[], options?: { readonly code?: number }) => Promise<string>;

/** Runs the program from its source in `folder`, and shows each command with what it says. */
export function holdfastOf(folder: string, job: string): Holdfast {
  const own = ["--config", `${job}.toml`, "--state", `state/${job}.db`];
  const config = join(projectRoot, "deno.json");
  const program = join(projectRoot, "src", "main.ts");
  const deno = [Deno.execPath(), "run", "--quiet", "--allow-all", "--config", config, program];
  return async (args, { code = 0 } = {}) => {
    const line = [...args, ...own];
    showCommand(`holdfast ${line.map(quoted).join(" ")}`);
    const ended = await run([...deno, ...line], { cwd: folder });
    for (const text of [ended.stderr, ended.stdout]) if (text !== "") console.log(text.trimEnd());
    if (ended.code !== code) {
      throw new Error(`holdfast ${args[0]} ended with exit code ${ended.code}, not ${code}`);
    }
    if (code !== 0) console.log(`(exit code ${code})`);
    return ended.stdout;
  };
}

export function title(text: string): void {
  console.log(`\n=== ${text} ===`);
}

export function showCommand(line: string): void {
  console.log(`\n$ ${line}`);
}

function quoted(argument: string): string {
  return /^[\w./:=?-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

export function compare(name: string, expected: TreeState, found: TreeState): void {
  const differences = treeDifferences(expected, found);
  if (differences.length > 0) {
    throw new Error(`${name} came back different:\n${differences.join("\n")}`);
  }
  console.log(
    `compared ${name}: ${expected.size} entries alike in bytes, modes, times and symlinks`,
  );
}
