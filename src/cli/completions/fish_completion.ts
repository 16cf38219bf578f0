import { type CompletionCommand, type CompletionOption, namesBelow } from "./completion_words.ts";

/** A script for fish 3 and later: one `complete` a command and option. */
export function fishCompletion(commands: readonly CompletionCommand[]): string {
  const [program] = commands;
  const top = namesBelow(commands, "");
  return [
    "# Completion of holdfast for fish: holdfast completions fish | source",
    "complete -c holdfast -f",
    ...program.options.map((option) => optionLine(option, undefined)),
    ...commands.slice(1).flatMap((command) => [
      nameLine(commands, command, top),
      ...command.options.map((option) => optionLine(option, seen(command.name))),
      ...argumentLines(command),
    ]),
    "",
  ].join("\n");
}

function nameLine(
  commands: readonly CompletionCommand[],
  { name, summary }: CompletionCommand,
  top: readonly string[],
): string {
  const parts = name.split(" ");
  const parent = parts.slice(0, -1).join(" ");
  const siblings = namesBelow(commands, parent);
  const condition = parent === ""
    ? `not __fish_seen_subcommand_from ${top.join(" ")}`
    : `${seen(parent)}; and not __fish_seen_subcommand_from ${siblings.join(" ")}`;
  return `complete -c holdfast -n ${quote(condition)} -a ${parts.at(-1)} -d ${quote(summary)}`;
}

function seen(name: string): string {
  return name.split(" ").map((part) => `__fish_seen_subcommand_from ${part}`).join("; and ");
}

function optionLine({ flags, value, description }: CompletionOption, condition?: string): string {
  const words = ["complete -c holdfast"];
  if (condition !== undefined) words.push(`-n ${quote(condition)}`);
  for (const flag of flags) {
    words.push(flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`);
  }
  words.push(`-d ${quote(description)}`);
  if (value?.kind === "files") words.push("-r -F");
  else if (value?.kind === "jobs") words.push(`-x -a '(holdfast completions --jobs 2>/dev/null)'`);
  else if (value?.kind === "choices") words.push(`-x -a ${quote(value.choices.join(" "))}`);
  else if (value !== undefined) words.push("-x");
  return words.join(" ");
}

function argumentLines({ name, argument }: CompletionCommand): string[] {
  const start = `complete -c holdfast -n ${quote(seen(name))}`;
  if (argument.kind === "files") return [`${start} -F`];
  return argument.kind === "choices" ? [`${start} -a ${quote(argument.choices.join(" "))}`] : [];
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
