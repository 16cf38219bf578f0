import { VERSION } from "./version.ts";

/**
 * What `holdfast --version` prints, or undefined where the arguments ask for more. Loads nothing
 * else: asking for the version costs no more than starting the executable.
 */
export function fastAnswer(args: readonly string[]): string | undefined {
  return args.length === 1 && ["--version", "-V"].includes(args[0]) ? VERSION : undefined;
}
