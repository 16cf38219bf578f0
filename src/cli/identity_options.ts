import { Option } from "@commander-js/extra-typings";
import { collected, type Extensible } from "./command_context.ts";
import type { RootCommand } from "./root_command.ts";

export interface IdentityOptions {
  readonly identity?: readonly string[];
}

/** They read nothing that is encrypted; of `key` only `key recipients` does. */
const WITHOUT_IDENTITY = new Set(["init", "sync", "key", "completions", "help"]);

/** The heading of `--identity` in a command's help. */
const ENCRYPTED = "Encrypted repositories:";

/** Every command that may have to read what is encrypted takes `--identity FILE`. */
export function addIdentityOptions(program: RootCommand): void {
  for (const command of program.commands) {
    if (!WITHOUT_IDENTITY.has(command.name())) addIdentityOption(command);
  }
}

export function addIdentityOption(command: Extensible): void {
  const option = new Option(
    "--identity <file>",
    "age identity that opens them (default: $HOLDFAST_IDENTITY_FILE)",
  ).argParser(collected);
  option.helpGroup(ENCRYPTED);
  command.addOption(option);
}
