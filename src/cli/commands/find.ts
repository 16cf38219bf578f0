import { Option } from "@commander-js/extra-typings";
import { HoldfastError } from "../../core/error.ts";
import { pathGlob } from "../../core/path_glob.ts";
import { parseSize } from "../../core/size_text.ts";
import { ENTRY_TYPES } from "../../core/stat_record.ts";
import { addExample, type CommandContext, valueOf } from "../command_context.ts";
import type { RootCommand } from "../root_command.ts";
import { addStateOptions, stateName } from "../state_options.ts";
import { parseTime } from "../time_argument.ts";

/** `holdfast find`. */
export function addFind(program: RootCommand, context: CommandContext): void {
  const time = (text: string) => parseTime(text, { now: context.system.now(), dateMeans: "start" });
  const find = program.command("find")
    .summary("find entries by name, path, type, size or time")
    .description(
      "Lists the entries that a pattern matches, as they were in the newest snapshot or at another " +
        "time. A pattern is a shell's (* ? [a-z], ** for any number of folders); without a slash it " +
        "is about names, with one about the end of paths, and with one in front about whole paths.",
    )
    .argument("<pattern...>", "what to look for; quote it, or the shell expands it")
    .option("-i, --ignore-case", "a matches A")
    .addOption(new Option("--type <type>", "only these").choices(ENTRY_TYPES))
    .option("--larger <size>", "files above this size", valueOf("--larger", parseSize))
    .option("--smaller <size>", "files below this size", valueOf("--smaller", parseSize))
    .option("--newer <time>", "last changed at this time or later", valueOf("--newer", time))
    .option("--older <time>", "last changed before this time", valueOf("--older", time))
    .option("-l, --long", "with mode, owner, size and time")
    .option("--all", "in every state there ever was, with when it was there");
  const command = addStateOptions(find, context).action(async (patterns, options) => {
    const { ignoreCase = false, all = false, long = false } = options;
    const state = stateName(options);
    if (all && (state !== undefined || long)) {
      throw new HoldfastError("usage", "--all looks at every state", {
        hint: "leave --snapshot, --at and --long out",
      });
    }
    const { type, larger, smaller, newer, older } = options;
    const matchers = patterns.map((pattern) => pathGlob(pattern, { ignoreCase }));
    await context.launch({
      name: "find",
      kind: "look",
      options: {
        wanted: {
          matchers,
          ...(type === undefined ? {} : { type }),
          ...(larger === undefined ? {} : { larger }),
          ...(smaller === undefined ? {} : { smaller }),
          ...(newer === undefined ? {} : { newer }),
          ...(older === undefined ? {} : { older }),
        },
        ...{ state, all, long },
      },
      run: (runner, input) => runner.find(input),
    });
  });
  addExample(command, [
    "$ holdfast find '*.odt' --newer 30d",
    "$ holdfast find 'docs/**/report*' --all",
    "$ holdfast find '*' --type file --larger '1 GiB' --long",
  ]);
}
