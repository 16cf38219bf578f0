import { CommanderError } from "@commander-js/extra-typings";
import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { buildProgram } from "./program.ts";
import { globalOptions } from "./root_command.ts";
import type { Runner } from "./runner.ts";
import type { System } from "./system.ts";
import { VERSION } from "./version.ts";

/** Runs the command line `args` (without the program's name). Resolves with the exit code. */
export async function runProgram(
  args: readonly string[],
  runner: Runner,
  system: System,
): Promise<number> {
  let code: number = EXIT.done;
  const program = buildProgram({
    system,
    async launch(command) {
      const { runCommand } = await import("./run_command.ts");
      code = await runCommand(
        { system, runner, version: VERSION },
        globalOptions(program),
        command,
      );
    },
  });
  try {
    if (args.length === 0) {
      system.stdout.write(program.helpInformation());
      return EXIT.usage;
    }
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    // Whoever read the help has seen enough of it.
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.done;
    const shown = error instanceof CommanderError
      ? await oldWordError(error) ?? usageError(error)
      : error;
    return await showError(system, args, shown);
  }
}

/** For a word of another tool: its new form. */
async function oldWordError({ message }: CommanderError): Promise<HoldfastError | undefined> {
  const word = /unknown (?:command|option) '([^']+)'/.exec(message)?.[1];
  if (word === undefined) return undefined;
  const { oldWord } = await import("./old_words.ts");
  const found = oldWord(word.replace(/=.*$/, ""));
  if (found === undefined) return undefined;
  return new HoldfastError("usage", `${word} is a word of ${found.tool}`, {
    hint: found.now.startsWith("holdfast ") ? `write ${found.now}` : found.now,
  });
}

/** Commander's `error: unknown option '--jbo'\n(Did you mean --job?)` as our error with its hint. */
function usageError({ message, code }: CommanderError): HoldfastError {
  const [first, ...rest] = message.replace(/^error: /, "").split("\n");
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(" "))?.[1];
  const hint = suggestion === undefined
    ? "holdfast help lists the commands, holdfast help COMMAND its options"
    : `did you mean ${suggestion}?`;
  const what = code === "commander.help" ? "no command given" : lowered(first);
  return new HoldfastError("usage", what, { hint });
}

/** "… is invalid. Allowed choices are a, b." as one phrase in our style. */
function lowered(message: string): string {
  return message.replace(/\.$/, "").replace(
    /\. ([A-Z])/g,
    (_, letter) => `: ${letter.toLowerCase()}`,
  );
}

async function showError(system: System, args: readonly string[], error: unknown): Promise<number> {
  const { showUsageError } = await import("./usage_error.ts");
  return showUsageError(system, args, error);
}
