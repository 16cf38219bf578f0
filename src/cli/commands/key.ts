import { recipientKind } from "../../core/recipient.ts";
import { addExample, collected, type CommandContext, valueOf } from "../command_context.ts";
import { HoldfastError } from "../../core/error.ts";
import { addIdentityOption } from "../identity_options.ts";
import { absolutePath } from "../local_path.ts";
import { HELP, type RootCommand } from "../root_command.ts";
import type { KeyRecipientsOptions } from "../runner.ts";

/** `holdfast key generate` and `holdfast key recipients`. */
export function addKey(program: RootCommand, context: CommandContext): void {
  const command = keyCommand(program);
  addExample(command, ["$ holdfast key generate --output ~/photos.identity"]);
  addGenerate(program, command, context);
  addRecipients(program, command, context);
}

type KeyCommand = ReturnType<typeof keyCommand>;

function keyCommand(program: RootCommand) {
  return program.command("key")
    .summary("keys of encrypted repositories")
    .description(
      "An identity is a secret key that opens what was encrypted for its recipient, which is public. " +
        "Backing up needs recipients only: keep identities away from the machine that backs up.",
    );
}

function addGenerate(
  program: RootCommand,
  key: KeyCommand,
  { system, launchTool }: CommandContext,
) {
  const command = key.command("generate")
    .summary("make an identity, and print its recipient")
    .description(
      "Writes a new age identity into FILE, for its user alone (mode 0600), and prints its " +
        "recipient: what `recipients` in the config and --recipient of init take. A file that is " +
        "there is never overwritten. Whoever loses the identity loses the backup.",
    )
    .requiredOption("--output <file>", "new file for the identity")
    .option(
      "--post-quantum",
      "a hybrid with ML-KEM-768, safe from quantum computers; its recipient has 1,959 characters",
    )
    .option("--passphrase", "seal the file with a passphrase, which is asked for")
    .configureHelp({ ...HELP, visibleGlobalOptions: () => [...program.options] })
    .action(async ({ output, postQuantum = false, passphrase = false }) =>
      await launchTool({
        name: "key generate",
        kind: "tool",
        options: {
          to: absolutePath(output, { folder: system.cwd, home: system.home }),
          ...{ postQuantum, passphrase },
        },
        run: (runner, input) => runner.keyGenerate(input),
      })
    );
  addExample(command, [
    "$ holdfast key generate --output ~/photos.identity",
    "$ holdfast key generate --post-quantum --passphrase --output /media/usb/photos.identity",
  ]);
}

function addRecipients(program: RootCommand, key: KeyCommand, context: CommandContext) {
  const recipient = (option: string) => {
    const parse = valueOf(option, parseRecipient);
    return (text: string, before: string[] | undefined) => collected(parse(text), before);
  };
  const command = key.command("recipients")
    .summary("list, add or remove the recipients that a job encrypts for")
    .description(
      "Lists the recipients in the job's section of the config, and whether the repository names " +
        "the same: where it does not, runs that write stop. --add and --remove change the list in " +
        "the config and in the repository; --confirm makes a change known that was made in the " +
        "config by hand. It holds for what is stored from then on: what is stored already stays as " +
        "it is, so a removed recipient's identity still opens that.",
    )
    .option("--add <recipient>", "encrypt for this one too; may be repeated", recipient("--add"))
    .option(
      "--remove <recipient>",
      "encrypt for this one no more (its first 12 characters will do); may be repeated",
      collected,
    )
    .option("--confirm", "take the config's recipients as they are")
    .configureHelp({ ...HELP, visibleGlobalOptions: () => [...program.options] })
    .action(async ({ add = [], remove = [], confirm = false }) => {
      if (confirm && add.length + remove.length > 0) {
        throw new HoldfastError("usage", "--confirm takes the config's recipients as they are", {
          hint: "leave it out: --add and --remove change the config themselves",
        });
      }
      const isChange = confirm || add.length + remove.length > 0;
      const { planRecipients } = await import("../config_recipients.ts");
      const options: KeyRecipientsOptions = {
        plan: isChange
          ? (file, job) => planRecipients(context.system, file, job, { add, remove })
          : undefined,
      };
      await context.launch({
        name: "key recipients",
        kind: isChange ? "run" : "look",
        options,
        run: (runner, input) => runner.keyRecipients(input),
      });
    });
  addIdentityOption(command);
  addExample(command, [
    "$ holdfast key recipients",
    "$ holdfast key recipients --add age1… --remove age1vpd44k7my",
  ]);
}

function parseRecipient(text: string): string {
  recipientKind(text);
  return text;
}
