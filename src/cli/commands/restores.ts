import { HoldfastError } from "../../core/error.ts";
import { addDownloadLimit, overridden } from "../backup_options.ts";
import { addExample, type CommandContext } from "../command_context.ts";
import { HELP, type RootCommand } from "../root_command.ts";
import { addWarmUpOptions, TARGET_PASSWORD, warmUpWishes } from "../warm_up_options.ts";

/** `holdfast restores` and its subcommands: `show`, `resume`, `cancel`. */
export function addRestores(program: RootCommand, context: CommandContext): void {
  const shared = { ...HELP, visibleGlobalOptions: () => [...program.options] };
  const command = program.command("restores")
    .alias("restore-status")
    .summary("list, show, resume or cancel restores")
    .description(
      "Lists the job's restores that are open: how many of the archived objects that they need are " +
        "cold, warming and warm by what the store says now, when the last is expected, and when " +
        "the first restored copy goes. The store is asked by pages of its list where that tells.",
    )
    .action(async () =>
      await context.launch({
        name: "restores",
        kind: "look",
        options: { kind: "list" as const },
        run: (runner, input) => runner.restores(input),
      })
    );
  addExample(command, ["$ holdfast restores", "$ holdfast restores resume 3 --wait"]);
  const show = command.command("show")
    .summary("show one restore")
    .description("Shows one restore, open or not: what it is, what it costs, what it waits for.")
    .argument("<number>", "as restores lists it")
    .configureHelp(shared)
    .action(async (number) => {
      // 0 is what renames of archived objects wait for (docs/archived_renames.md).
      const options = { kind: "show" as const, job: number === "0" ? 0 : parseNumber(number) };
      await context.launch({
        ...{ name: "restores show", kind: "look", options },
        run: (runner, input) => runner.restores(input),
      });
    });
  addExample(show, ["$ holdfast restores show 3"]);
  const resume = command.command("resume")
    .summary("go on with a restore")
    .description(
      "Restores what is warm by now, asks for what is approved and was not asked for, and shows " +
        "the price of what is not approved: copies that expired before they were downloaded, or a " +
        "faster --tier for what is warming.",
    )
    .argument("<number>", "as restores lists it")
    .option(...TARGET_PASSWORD)
    .configureHelp(shared);
  resume.action(async (number, { passwordFile }) => {
    const { targetPassword } = await import("../restore_options.ts");
    const given = resume.opts();
    const options = { kind: "resume" as const, job: parseNumber(number) };
    const password = targetPassword(context.system, { passwordFile });
    await context.launch({
      ...{ name: "restores resume", kind: "run" },
      options: { ...options, ...password, warmUp: warmUpWishes(given) },
      adjust: overridden(given),
      run: (runner, input) => runner.restores(input),
    });
  });
  addWarmUpOptions(resume);
  addDownloadLimit(resume);
  addExample(resume, [
    "$ holdfast restores resume 3",
    "$ holdfast restores resume 3 --tier standard --yes",
  ]);
  const cancel = command.command("cancel")
    .summary("cancel a restore")
    .description(
      "Nothing is asked for or downloaded for it any more. What was written stays. A warm-up that " +
        "is under way cannot be taken back, and is paid for.",
    )
    .argument("<number>", "as restores lists it")
    .configureHelp(shared)
    .action(async (number) => {
      const options = { kind: "cancel" as const, job: parseNumber(number) };
      await context.launch({
        ...{ name: "restores cancel", kind: "run", options },
        run: (runner, input) => runner.restores(input),
      });
    });
  addExample(cancel, ["$ holdfast restores cancel 3"]);
}

function parseNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new HoldfastError("usage", `${JSON.stringify(text)} is no number of a restore`, {
    hint: "`holdfast restores` lists them",
  });
}
