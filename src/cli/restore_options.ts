import { HoldfastError, messageOf } from "../core/error.ts";
import type { PathText } from "../core/path_text.ts";
import { absolutePath } from "./local_path.ts";
import { parsePath, parsePathList } from "./path_argument.ts";
import type { Overwrite, RestoreOptions, WarmUpWishes } from "./runner.ts";
import { terminalChooser } from "./select/select_terminal.ts";
import { stateName } from "./state_options.ts";
import type { System } from "./system.ts";
import type { At, SnapshotName } from "./time_argument.ts";

interface RestoreArguments {
  readonly to: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly filesFrom?: string;
  readonly overwrite: Overwrite;
  readonly select?: true;
  readonly snapshot?: SnapshotName;
  readonly at?: At;
  readonly warmUp: WarmUpWishes;
}

export async function restoreOptions(
  system: System,
  paths: readonly string[],
  given: RestoreArguments,
): Promise<RestoreOptions> {
  const { include = [], exclude = [], overwrite, filesFrom } = given;
  const listed = filesFrom === undefined ? [] : await readList(system, filesFrom);
  if (filesFrom !== undefined && listed.length === 0) {
    throw new HoldfastError("usage", `--files-from: ${filesFrom} names no path`, {
      hint: "leave --files-from out to restore everything",
    });
  }
  if (given.select && paths.length + listed.length > 0) {
    throw new HoldfastError("usage", "--select asks for the paths, and paths are given", {
      hint: "leave one of them out",
    });
  }
  return {
    paths: [...paths.map(parsePath), ...listed],
    to: absolutePath(given.to, { folder: system.cwd, home: system.home }),
    state: stateName(given),
    include,
    exclude,
    overwrite,
    choose: given.select ? terminalChooser(system) : undefined,
    warmUp: given.warmUp,
  };
}

async function readList(system: System, file: string): Promise<PathText[]> {
  if (file === "-") return parsePathList(await system.readStdin());
  let content: Uint8Array;
  try {
    content = Deno.readFileSync(absolutePath(file, { folder: system.cwd, home: system.home }));
  } catch (cause) {
    throw new HoldfastError("usage", `--files-from: ${messageOf(cause)}`, {
      context: { file },
      hint: "name a file that can be read, or - for standard input",
      cause,
    });
  }
  return parsePathList(content);
}
