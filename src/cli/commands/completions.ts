import { Argument } from "@commander-js/extra-typings";
import { HoldfastError } from "../../core/error.ts";
import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** `holdfast completions`. */
export function addCompletions(program: RootCommand, { system, globals }: CommandContext): void {
  const command = program.command("completions")
    .summary("print what completes commands in a shell")
    .description(
      "Prints a script with which the shell completes commands, options, their choices and the names " +
        "of the config's jobs.",
    )
    .addArgument(new Argument("[shell]", "whose script").choices(SHELLS))
    .option("--jobs", "print the names of the config's jobs instead")
    .action(async (shell, { jobs }) => {
      if (jobs) {
        const { jobNames } = await import("../completions/job_names.ts");
        system.stdout.write(jobNames(system, globals().config).map((name) => `${name}\n`).join(""));
      } else if (shell === undefined) {
        throw new HoldfastError("usage", "no shell named", {
          hint: `write holdfast completions ${SHELLS.join("|")}`,
        });
      } else {
        const { completionScript } = await import("../completions/completion_script.ts");
        system.stdout.write(completionScript(shell, program));
      }
    });
  addExample(command, [
    "$ holdfast completions bash > ~/.local/share/bash-completion/completions/holdfast",
    '$ holdfast completions zsh > "${fpath[1]}/_holdfast"',
    "$ holdfast completions fish > ~/.config/fish/completions/holdfast.fish",
  ]);
}
