import type { Option } from "@commander-js/extra-typings";
import { HoldfastError, isKind } from "../core/error.ts";
import type { GlobalOptions } from "./runner.ts";
import type { ParsedCommand, ParsedTool } from "./run_command.ts";
import type { System } from "./system.ts";

/** What a command file gets: where to hand over what it has parsed. */
export interface CommandContext {
  readonly system: System;
  launch<Options>(command: ParsedCommand<Options>): Promise<void>;
  launchTool<Options>(tool: ParsedTool<Options>): Promise<void>;
  globals(): GlobalOptions;
}

/**
 * A command that takes options which several commands have. They are read with `opts()`: the types
 * of commander's extra typings grow beyond what the compiler takes where such groups are added up.
 */
export interface Extensible {
  addOption(option: Option): unknown;
}

interface Helpful {
  addHelpText(position: "after", text: string): unknown;
}

/** Adds an example to a command's help: each line is a command, or a remark without `$`. */
export function addExample(command: Helpful, lines: string[]): void {
  const text = lines.map((line) => `  ${line}`).join("\n");
  command.addHelpText("after", `\nExample${lines.length > 1 ? "s" : ""}:\n${text}`);
}

/** A parser of an option's value whose errors name the option. */
export function valueOf<T>(option: string, parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!isKind(error, "usage")) throw error;
      throw new HoldfastError("usage", `${option}: ${error.message}`, {
        context: error.context,
        hint: error.hint,
      });
    }
  };
}

/** For options that may be given several times. */
export function collected(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}
