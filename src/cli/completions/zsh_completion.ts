import {
  type CompletionCommand,
  type CompletionOption,
  namesBelow,
  valueFlags,
  type ValueKind,
} from "./completion_words.ts";

/** A function for zsh's completion system, to be saved as `_holdfast` in a folder of `fpath`. */
export function zshCompletion(commands: readonly CompletionCommand[]): string {
  const [program] = commands;
  return `#compdef holdfast
# Completion of holdfast for zsh: holdfast completions zsh > "\${fpath[1]}/_holdfast"
_holdfast() {
  local command="" i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      ${valueFlags(commands).join("|")}) ((i++)) ;;
      -*) ;;
      *)
        case "$command/\${words[i]}" in
${commandCases(commands)}
        esac
        ;;
    esac
  done
  case "$command/\${words[CURRENT-1]}" in
${valueCases(commands)}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    case $command in
${optionCases(commands)}
    esac
    found+=(${program.options.map(optionText).join(" ")})
    _describe -o option found
    return
  fi
  case $command in
${argumentCases(commands)}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
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
      const pattern = flags.map((flag) => name === "" ? `*/${flag}` : quote(`${name}/${flag}`));
      return `    ${pattern.join("|")}) ${reply(value!)}; return ;;`;
    })
  ).join("\n");
}

function optionCases(commands: readonly CompletionCommand[]): string {
  return commands.slice(1).map(({ name, options }) =>
    `      ${quote(name)}) found=(${options.map(optionText).join(" ")}) ;;`
  ).join("\n");
}

function argumentCases(commands: readonly CompletionCommand[]): string {
  return commands.map((command) => {
    const below = namesBelow(commands, command.name).map((name) => {
      const full = `${command.name} ${name}`.trim();
      const { summary } = commands.find((other) => other.name === full)!;
      return quote(`${name}:${summary}`);
    });
    const lines = [
      ...(below.length === 0 ? [] : [`found=(${below.join(" ")}); _describe command found`]),
      reply(command.argument),
    ];
    return `    ${quote(command.name)}) ${lines.join("; ")} ;;`;
  }).join("\n");
}

function optionText({ flags, description }: CompletionOption): string {
  return quote(`${flags[0]}:${description.replaceAll(":", "\\:")}`);
}

function reply(value: ValueKind): string {
  switch (value.kind) {
    case "files":
      return "_files";
    case "jobs":
      return `compadd -- \${(f)"$(holdfast completions --jobs 2>/dev/null)"}`;
    case "choices":
      return `compadd -- ${value.choices.map(quote).join(" ")}`;
    case "none":
      return ":";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
