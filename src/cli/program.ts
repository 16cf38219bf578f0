import type { CommandContext } from "./command_context.ts";
import { addBackup } from "./commands/backup.ts";
import { addInit } from "./commands/init.ts";
import { addLog } from "./commands/log.ts";
import { addLs } from "./commands/ls.ts";
import { addReplay } from "./commands/replay.ts";
import { addRestore } from "./commands/restore.ts";
import { addSnapshots } from "./commands/snapshots.ts";
import { addStats } from "./commands/stats.ts";
import { addStatus } from "./commands/status.ts";
import { globalOptions, HELP, type RootCommand, rootCommand } from "./root_command.ts";
import type { System } from "./system.ts";
import { VERSION } from "./version.ts";

/** In the order of the help. */
const COMMANDS = [
  addInit,
  addBackup,
  addRestore,
  addSnapshots,
  addLs,
  addStatus,
  addStats,
  addLog,
  addReplay,
];

/** The whole command line; its commands hand what they parsed to `launch`. */
export function buildProgram(
  options: Pick<CommandContext, "launch"> & { readonly system: System },
): RootCommand {
  const { system, launch } = options;
  const program = rootCommand(VERSION)
    .exitOverride()
    .configureHelp(HELP)
    .configureOutput({
      writeOut: (text) => system.stdout.write(text),
      // Errors are shown once, by whoever catches them.
      writeErr: () => {},
      outputError: () => {},
    });
  const context: CommandContext = { system, launch, globals: () => globalOptions(program) };
  for (const add of COMMANDS) add(program, context);
  return program;
}
