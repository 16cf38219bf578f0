import type { CommandContext } from "./command_context.ts";
import { addAdopt } from "./commands/adopt.ts";
import { addBackup } from "./commands/backup.ts";
import { addCheck } from "./commands/check.ts";
import { addCost } from "./commands/cost.ts";
import { addDecrypt } from "./commands/decrypt.ts";
import { addDelete } from "./commands/delete.ts";
import { addDiff } from "./commands/diff.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addFind } from "./commands/find.ts";
import { addForget } from "./commands/forget.ts";
import { addHeal } from "./commands/heal.ts";
import { addHistory } from "./commands/history.ts";
import { addCompletions } from "./commands/completions.ts";
import { addInit } from "./commands/init.ts";
import { addKey } from "./commands/key.ts";
import { addLog } from "./commands/log.ts";
import { addLs } from "./commands/ls.ts";
import { addPrune } from "./commands/prune.ts";
import { addRebuild } from "./commands/rebuild.ts";
import { addReconcile } from "./commands/reconcile.ts";
import { addReplay } from "./commands/replay.ts";
import { addRestore } from "./commands/restore.ts";
import { addShares } from "./commands/shares.ts";
import { addRestores } from "./commands/restores.ts";
import { addSnapshots } from "./commands/snapshots.ts";
import { addStats } from "./commands/stats.ts";
import { addStatus } from "./commands/status.ts";
import { addSync } from "./commands/sync.ts";
import { addTakeover } from "./commands/takeover.ts";
import { addUndo } from "./commands/undo.ts";
import { addUploads } from "./commands/uploads.ts";
import { addFromOptions, type FromOptions, withFrom } from "./from_options.ts";
import { addIdentityOptions, type IdentityOptions } from "./identity_options.ts";
import { globalOptions, HELP, type RootCommand, rootCommand } from "./root_command.ts";
import type { AnyCommand } from "./run_command.ts";
import type { System } from "./system.ts";
import { VERSION } from "./version.ts";

/** In the order of the help. */
const COMMANDS = [
  addInit,
  addBackup,
  addSync,
  addRestore,
  addRestores,
  addSnapshots,
  addLs,
  addFind,
  addDiff,
  addHistory,
  addForget,
  addPrune,
  addDelete,
  addCheck,
  addHeal,
  addUndo,
  addStatus,
  addStats,
  addCost,
  addUploads,
  addLog,
  addReplay,
  addRebuild,
  addReconcile,
  addAdopt,
  addTakeover,
  addDecrypt,
  addKey,
  addShares,
  addDoctor,
  addCompletions,
];

export interface ProgramOptions {
  readonly system: System;
  readonly launch: <Options>(command: AnyCommand<Options>) => Promise<void>;
}

/** The whole command line; its commands hand what they parsed to `launch`. */
export function buildProgram({ system, launch }: ProgramOptions): RootCommand {
  const program = rootCommand(VERSION)
    .exitOverride()
    .configureHelp(HELP)
    .configureOutput({
      writeOut: (text) => system.stdout.write(text),
      // Errors are shown once, by whoever catches them.
      writeErr: () => {},
      outputError: () => {},
    });
  let given: FromOptions & IdentityOptions = {};
  program.hook("preAction", (_, action) => {
    given = action.optsWithGlobals();
  });
  const named = () => given.identity === undefined ? {} : { identity: given.identity };
  const context: CommandContext = {
    system,
    launch: async (command) => await launch({ ...await withFrom(command, given), ...named() }),
    launchTool: async (tool) => await launch({ ...tool, ...named() }),
    globals: () => globalOptions(program),
  };
  for (const add of COMMANDS) add(program, context);
  addFromOptions(program);
  addIdentityOptions(program);
  return program;
}
