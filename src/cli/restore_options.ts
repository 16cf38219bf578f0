import { HoldfastError, messageOf } from "../core/error.ts";
import type { PathText } from "../core/path_text.ts";
import { isSmbUrl, parseSmbUrl, smbUrlText } from "../core/smb_url.ts";
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
  readonly passwordFile?: string;
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
    to: targetOf(system, given.to),
    ...passwordFileOf(system, given),
    state: stateName(given),
    include,
    exclude,
    overwrite,
    choose: given.select ? terminalChooser(system) : undefined,
    warmUp: given.warmUp,
  };
}

/** A folder, or a share in the URL's one form. */
function targetOf({ cwd, home }: System, to: string): string {
  if (!isSmbUrl(to)) return absolutePath(to, { folder: cwd, home });
  const place = parseSmbUrl(to);
  if (place.share !== "") return smbUrlText(place);
  throw new HoldfastError("usage", "--to: the URL names a server and no share", {
    hint: "write smb://USER@HOST/SHARE/PATH",
  });
}

/** Of the shares that a restore which goes on writes to: it knows itself what these are. */
export function targetPassword(
  { cwd, home }: System,
  { passwordFile }: { readonly passwordFile?: string },
): Pick<RestoreOptions, "passwordFile"> {
  if (passwordFile === undefined) return {};
  return { passwordFile: absolutePath(passwordFile, { folder: cwd, home }) };
}

function passwordFileOf(
  system: System,
  { to, passwordFile }: RestoreArguments,
): Pick<RestoreOptions, "passwordFile"> {
  if (passwordFile === undefined || isSmbUrl(to)) return targetPassword(system, { passwordFile });
  throw new HoldfastError("usage", "--password-file has no meaning for a local folder", {
    hint: "leave it out",
  });
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
