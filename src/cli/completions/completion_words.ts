/** What can follow an option or stand as an argument. */
export type ValueKind =
  | { readonly kind: "none" }
  | { readonly kind: "files" }
  | { readonly kind: "jobs" }
  | { readonly kind: "choices"; readonly choices: readonly string[] };

export interface CompletionOption {
  /** `--job`, `-q`: long and short. */
  readonly flags: readonly string[];
  /** undefined for an option without a value. */
  readonly value: ValueKind | undefined;
  readonly description: string;
}

export interface CompletionCommand {
  /** "" for the program itself, `log verify` for a command below another. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  readonly argument: ValueKind;
}

/** What is read of a commander command. */
export interface DescribedCommand {
  name(): string;
  summary(): string;
  readonly options: readonly DescribedOption[];
  readonly registeredArguments: readonly {
    readonly description: string;
    readonly argChoices?: string[];
    name(): string;
  }[];
  readonly commands: readonly DescribedCommand[];
}

interface DescribedOption {
  readonly short?: string;
  readonly long?: string;
  readonly flags: string;
  readonly description: string;
  readonly argChoices?: string[];
}

/** The program's commands, options and choices, each command with those of its parents left out. */
export function completionWords(program: DescribedCommand): CompletionCommand[] {
  const below = (command: DescribedCommand, name: string): CompletionCommand[] => [
    describe(command, name),
    ...command.commands.flatMap((inner) => below(inner, `${name} ${inner.name()}`.trim())),
  ];
  return below(program, "");
}

/** Arguments that are files or folders of this machine. */
const FILE_ARGUMENTS = ["src", "pack"];

function describe(command: DescribedCommand, name: string): CompletionCommand {
  const [argument] = command.registeredArguments;
  return {
    name,
    summary: command.summary(),
    options: command.options.map((option) => ({
      flags: [option.long, option.short].filter((flag) => flag !== undefined),
      value: valueOf(option),
      description: option.description,
    })),
    argument: argument?.argChoices !== undefined
      ? { kind: "choices", choices: argument.argChoices }
      : argument !== undefined && FILE_ARGUMENTS.includes(argument.name())
      ? { kind: "files" }
      : { kind: "none" },
  };
}

function valueOf({ long, flags, argChoices }: DescribedOption): ValueKind | undefined {
  const [, name] = /[<[]([^>\]]+)[>\]]/.exec(flags) ?? [];
  if (name === undefined) return undefined;
  if (argChoices !== undefined) return { kind: "choices", choices: argChoices };
  if (long === "--job") return { kind: "jobs" };
  const isPath = name === "file" || name === "dir" || long === "--source";
  return isPath ? { kind: "files" } : { kind: "none" };
}

/** Flags that take a value, of all commands: what stands behind one is no command's name. */
export function valueFlags(commands: readonly CompletionCommand[]): string[] {
  const flags = commands.flatMap(({ options }) => options)
    .filter(({ value }) => value !== undefined)
    .flatMap((option) => option.flags);
  return [...new Set(flags)];
}

/** Commands directly below one. */
export function namesBelow(commands: readonly CompletionCommand[], name: string): string[] {
  return commands.map((command) => command.name)
    .filter((other) => other !== "" && parentOf(other) === name)
    .map((other) => other.slice(name.length).trim());
}

function parentOf(name: string): string {
  return name.split(" ").slice(0, -1).join(" ");
}
