import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { filesBelow } from "../files_below.ts";
import { mustRun } from "../command.ts";
import type { Place } from "./contender.ts";
import { databaseFile, holdfast, holdfastCommand } from "./holdfast.ts";
import { measure } from "./measure.ts";
import { leave, newPlace, type Race, sample } from "./race.ts";
import { type Sample, type Series, seriesOf } from "./samples.ts";

export interface RebuildFigures {
  readonly samples: readonly Sample[];
  /** Bytes of all log segments in the store, as stored, for each file. */
  readonly logBytesPerFile: number;
}

/** A first backup of its own, whose database is lost. */
export async function rebuildAfterBackup(
  { server, source, scratch, rounds }: Omit<Race, "contenders">,
  { start, name, files }: { start: readonly string[]; name: string; files: number },
): Promise<{ series: Series[]; logBytesPerFile: number }> {
  const place = await newPlace(server, scratch);
  const { prepare, first } = holdfast(name, "", start);
  for (const command of [...prepare(place, source), first(place, source)]) await measure(command);
  const { samples, logBytesPerFile } = await loseDatabase(server, place, { start, files, rounds });
  await leave(server, place);
  const series: Series[] = [];
  seriesOf(series, name, "rebuild").samples.push(...samples);
  return { series, logBytesPerFile };
}

/**
 * Loses the job's database and its key again and again: what is left is the config and the store. What
 * comes back must say the same of every entry, and the first one must pass `log verify`.
 */
export async function loseDatabase(
  server: Race["server"],
  place: Place,
  { start, files, rounds }: { start: readonly string[]; files: number; rounds: number },
): Promise<RebuildFigures> {
  const bucket = server.folderOf(place.bucket);
  const segments = filesBelow(join(bucket, "repository", ".holdfast", "log"));
  const bytes = segments.reduce((sum, file) => sum + Deno.statSync(file).size, 0);
  const command = (...verb: string[]) => holdfastCommand(start, place, verb);
  const entries = async () => {
    const { argv, env } = command("find", "*", "--json");
    return await mustRun(["sh", "-c", '"$@" | sha256sum', "sh", ...argv], { env });
  };
  const before = await entries();
  const state = dirname(databaseFile(place));
  await rename(state, `${state}.lost`);
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round++) {
    console.error(`rebuild: round ${round} of ${rounds}`);
    await rm(state, { recursive: true, force: true });
    samples.push(await sample(server, command("rebuild")));
    if (round === 1) await measure(command("log", "verify"));
    if (await entries() !== before) throw new Error("the rebuilt database says something else");
  }
  await rm(`${state}.lost`, { recursive: true });
  return { samples, logBytesPerFile: bytes / files };
}
