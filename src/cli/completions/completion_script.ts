import { bashCompletion } from "./bash_completion.ts";
import { completionWords, type DescribedCommand } from "./completion_words.ts";
import { fishCompletion } from "./fish_completion.ts";
import { zshCompletion } from "./zsh_completion.ts";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** The script for a shell, made of the program as it is. */
export function completionScript(
  shell: keyof typeof SCRIPTS,
  program: DescribedCommand,
): string {
  return SCRIPTS[shell](completionWords(program));
}
