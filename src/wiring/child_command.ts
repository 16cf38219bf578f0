import type { ChildCommand } from "../smb/child_process.ts";
import { SMB_CHILD_WORD } from "../smb/child_word.ts";

/** Starts this very program as a child that reads a share, compiled or not. */
export function childCommand(): ChildCommand {
  const program = Deno.execPath();
  if (Deno.build.standalone) return { program, args: [SMB_CHILD_WORD] };
  return { program, args: ["run", "--allow-all", Deno.mainModule, SMB_CHILD_WORD] };
}
