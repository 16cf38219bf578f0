import { type SmbChild, startChild, WATCHDOG_MS } from "../smb/child_process.ts";
import { forbidCoreFiles } from "../smb/core_files.ts";
import { childCommand } from "./child_command.ts";

let begun: SmbChild | undefined;

/**
 * Starts the first child for a share before anything is known of it: it loads its library while this
 * process loads its own code and opens its database. Where nobody takes it, it ends with this process.
 */
export function startEarly(): void {
  forbidCoreFiles();
  begun = startChild(childCommand(), WATCHDOG_MS);
}

/** The child that was started early, once. */
export function takeEarly(): SmbChild | undefined {
  const child = begun;
  begun = undefined;
  return child;
}
