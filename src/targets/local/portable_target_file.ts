import { HoldfastError } from "../../core/error.ts";
import { displayPath, type PathText } from "../../core/path_text.ts";
import type { TargetFile } from "../../ports/restore_target.ts";
import { setPortableMetadata } from "./portable_metadata.ts";
import { targetError, type TargetPaths } from "./portable_paths.ts";
import { dataRuns } from "./zero_runs.ts";

/** Creates the temporary file and gives the handle to write it. Throws "entry" or "disk-full". */
export function createPortableFile(
  paths: TargetPaths,
  path: PathText,
  tempName: string,
  sparse: boolean,
): TargetFile {
  const temp = tempBeside(paths.of(path), tempName);
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(temp, { write: true, createNew: true, mode: 0o600 });
  } catch (error) {
    throw targetError("create", path, error);
  }
  let position = 0;
  let open = true;

  function writeAll(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) from += file.writeSync(bytes.subarray(from));
  }

  function write(bytes: Uint8Array): void {
    const runs = sparse ? dataRuns(bytes, position) : [{ start: 0, end: bytes.length }];
    try {
      for (const run of runs) {
        if (sparse) file.seekSync(position + run.start, Deno.SeekMode.Start);
        writeAll(bytes.subarray(run.start, run.end));
      }
    } catch (error) {
      throw targetError("write", path, error);
    }
    position += bytes.length;
  }

  function discard(): void {
    if (open) file.close();
    open = false;
    try {
      Deno.removeSync(temp);
    } catch {
      // What made the restore give up is the error to tell.
    }
  }

  return {
    write,
    finish(stat, attributes, options) {
      try {
        if (sparse) file.truncateSync(position);
        file.close();
        open = false;
        const problems = setPortableMetadata(temp, stat, attributes);
        if (options.replace) Deno.renameSync(temp, paths.of(path));
        else giveFreeName(temp, paths.of(path), path);
        return problems;
      } catch (error) {
        discard();
        throw targetError("finish", path, error);
      }
    },
    discard,
  };
}

function tempBeside(place: string, tempName: string): string {
  return place.slice(0, place.lastIndexOf("/") + 1) + tempName;
}

/** A hard link refuses a name that is taken, in one step; where there are none, by looking first. */
function giveFreeName(temp: string, place: string, path: PathText): void {
  try {
    Deno.linkSync(temp, place);
    Deno.removeSync(temp);
    return;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw taken(path);
  }
  if (isThere(place)) throw taken(path);
  Deno.renameSync(temp, place);
}

function isThere(place: string): boolean {
  try {
    Deno.lstatSync(place);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function taken(path: PathText): HoldfastError {
  return new HoldfastError("entry", `something is already there: ${displayPath(path)}`, {
    context: { path: displayPath(path) },
    hint: "remove it, or allow overwriting",
  });
}
