import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast doctor`. */
export function addDoctor(program: RootCommand, { system, launchTool }: CommandContext): void {
  const command = program.command("doctor")
    .summary("try each step of reaching a share, and name the one that fails")
    .description(
      "Tries one after the other: the library, the server's port, the protocol, the clock, signing in, " +
        "listing, reading a file. Where one fails it says what to do, and ends with exit code 1.",
    )
    .argument("<url>", "smb://[DOMAIN;]USER@HOST[:PORT]/SHARE[/PATH]")
    .option("--password-file <file>", "file with the user's password")
    .option("--kerberos", "sign in by the Kerberos ticket")
    .action(async (url, options) => {
      const { shareOf } = await import("../share_login_options.ts");
      await launchTool({
        name: "doctor",
        kind: "tool",
        options: { share: shareOf(system, url, options) },
        run: (runner, input) => runner.doctor(input),
      });
    });
  addExample(command, ["$ holdfast doctor smb://ann@nas/documents"]);
}
