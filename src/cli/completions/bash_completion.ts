import {
  type CompletionCommand,
  namesBelow,
  valueFlags,
  type ValueKind,
} from "./completion_words.ts";

/** A script for bash 4 and later; it needs no bash-completion package. */
export function bashCompletion(commands: readonly CompletionCommand[]): string {
  const [program] = commands;
  return `# Completion of holdfast for bash: eval "$(holdfast completions bash)"
_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valueFlags(commands).join("|")}) ((i++)) ;;
      -*) ;;
      *)
        case "$command/\${COMP_WORDS[i]}" in
${commandCases(commands)}
        esac
        ;;
    esac
  done
  case "$command/$previous" in
${valueCases(commands)}
  esac
  case $command in
${wordCases(commands)}
  esac
  [[ $current == -* ]] && words+=" ${flagsOf(program)}"
  COMPREPLY+=($(compgen -W "$words" -- "$current"))
}
complete -F _holdfast holdfast
`;
}

function commandCases(commands: readonly CompletionCommand[]): string {
  return commands.slice(1).map(({ name }) => {
    const parts = name.split(" ");
    const parent = parts.slice(0, -1).join(" ");
    return `          ${quote(`${parent}/${parts.at(-1)}`)}) command=${quote(name)} ;;`;
  }).join("\n");
}

function valueCases(commands: readonly CompletionCommand[]): string {
  return commands.flatMap(({ name, options }) =>
    options.filter(({ value }) => value !== undefined).map(({ flags, value }) => {
      // The program's own options may stand behind any command.
      const pattern = flags.map((flag) => name === "" ? `*/${flag}` : quote(`${name}/${flag}`));
      return `    ${pattern.join("|")}) ${reply(value!)}; return ;;`;
    })
  ).join("\n");
}

function wordCases(commands: readonly CompletionCommand[]): string {
  return commands.map((command) => {
    const names = namesBelow(commands, command.name);
    const { argument } = command;
    const choices = argument.kind === "choices" ? argument.choices : [];
    const own = command.name === "" ? "" : flagsOf(command);
    const lines = [
      `words=${quote([...names, ...choices].join(" "))}`,
      ...(own === "" ? [] : [`[[ $current == -* ]] && words=${quote(own)}`]),
      ...(argument.kind === "files" ? [`[[ $current == -* ]] || { ${reply(argument)}; }`] : []),
    ];
    return `    ${quote(command.name)}) ${lines.join("; ")} ;;`;
  }).join("\n");
}

function flagsOf({ options }: CompletionCommand): string {
  return options.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith("--"))).join(" ");
}

function reply(value: ValueKind): string {
  switch (value.kind) {
    case "files":
      return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current"))`;
    case "jobs":
      return `COMPREPLY=($(compgen -W "$(holdfast completions --jobs 2>/dev/null)" -- "$current"))`;
    case "choices":
      return `COMPREPLY=($(compgen -W ${quote(value.choices.join(" "))} -- "$current"))`;
    case "none":
      return ":";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
