import { addExample, type CommandContext } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";

/** `holdfast shares`. */
export function addShares(program: RootCommand, { system, launchTool }: CommandContext): void {
  const command = program.command("shares")
    .summary("list the shares of a Windows (SMB) server")
    .description(
      "Lists the shares that the server tells the user of. Without a user in the URL it asks as a " +
        "guest. The password is asked for, unless --password-file names it.",
    )
    .argument("<url>", "smb://[DOMAIN;][USER@]HOST[:PORT]")
    .option("--password-file <file>", "file with the user's password")
    .option("--kerberos", "sign in by the Kerberos ticket")
    .action(async (url, options) => {
      const { refuseShareName, shareOf } = await import("../share_login_options.ts");
      const share = shareOf(system, url, options);
      refuseShareName(share.place);
      await launchTool({
        name: "shares",
        kind: "tool",
        options: { share },
        run: (runner, input) => runner.shares(input),
      });
    });
  addExample(command, ["$ holdfast shares smb://ann@nas", "$ holdfast shares smb://nas --json"]);
}
