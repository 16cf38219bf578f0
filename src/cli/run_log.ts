import { join } from "node:path";
import { HoldfastError, messageOf } from "../core/error.ts";
import { fileTime, isoTime } from "../core/time_text.ts";
import { LOG_LEVELS, type LogLevel } from "./runner.ts";
import { makePrivateFolder } from "./state_file.ts";
import type { System } from "./system.ts";

/** The text log of one run: for people, beside the event log, and never needed for anything. */
export interface RunLog {
  readonly file: string;
  /** One line; the text is expected to be free of secrets. */
  write(level: LogLevel, text: string): void;
  close(): void;
}

export interface RunLogOptions {
  readonly folder: string;
  readonly command: string;
  readonly level: LogLevel;
  /** Logs to keep in the folder, this one counted. */
  readonly keep: number;
}

/** Starts `<time>-<command>.log` (0600) and removes the oldest beyond `keep`. Throws kind "failed". */
export function openRunLog(system: System, options: RunLogOptions): RunLog {
  const { folder, command, level } = options;
  makePrivateFolder(folder);
  const time = fileTime(system.now());
  const { file, handle } = createLog(join(folder, `${time}-${command.replaceAll(" ", "-")}`));
  removeOldest(folder, options.keep);
  const encoder = new TextEncoder();
  const most = LOG_LEVELS.indexOf(level);
  let broken = false;
  return {
    file,
    write(lineLevel, text) {
      if (broken || LOG_LEVELS.indexOf(lineLevel) > most) return;
      const line = `${isoTime(system.now())} ${lineLevel.padEnd(5)} ${oneLine(text)}\n`;
      try {
        writeAll(handle, encoder.encode(line));
      } catch {
        // A full disk must not end a run that could go on: the event log decides that.
        broken = true;
      }
    },
    close: () => handle.close(),
  };
}

/** Two runs may start in the same millisecond: the second one's log gets a number. */
function createLog(stem: string): { file: string; handle: Deno.FsFile } {
  for (let number = 1;; number++) {
    const file = number === 1 ? `${stem}.log` : `${stem}-${number}.log`;
    try {
      const handle = Deno.openSync(file, { write: true, createNew: true, mode: 0o600 });
      return { file, handle };
    } catch (cause) {
      if (cause instanceof Deno.errors.AlreadyExists && number < 100) continue;
      throw new HoldfastError("failed", `the text log cannot be written: ${messageOf(cause)}`, {
        context: { file },
        hint: "make the folder writable, or set log_dir to another one",
        cause,
      });
    }
  }
}

/** Names of Holdfast's own text logs: others in the same folder are not touched. */
export const LOG_NAME = /^\d{8}T\d{6}\.\d{3}Z-[a-z-]+(?:-\d+)?\.log$/;

function removeOldest(folder: string, keep: number): void {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    LOG_NAME.test(name)
  );
  for (const name of names.sort().slice(0, Math.max(0, names.length - keep))) {
    try {
      Deno.removeSync(join(folder, name));
    } catch {
      // Another run may have removed it already; one log too many does no harm.
    }
  }
}

function writeAll(handle: Deno.FsFile, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(handle.writeSync(rest));
}

function oneLine(text: string): string {
  return text.replaceAll("\r", "\\r").replaceAll("\n", "\\n");
}
