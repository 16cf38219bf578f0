import { statSync } from "node:fs";
import type { Contender } from "./contender.ts";
import { databaseFile, holdfastCommand } from "./holdfast.ts";
import { measure } from "./measure.ts";
import { loseDatabase } from "./rebuild.ts";
import { leave, newPlace, type Race, sample } from "./race.ts";
import { median, type Series, seriesOf } from "./samples.ts";

/** What a million files cost holdfast beyond time. */
export interface ScaleFigures {
  readonly series: Series[];
  /** Bytes of the job's database for each file after the first backup. */
  readonly databaseBytesPerFile: number;
  /** Bytes of the log segments in the store for each file, after the unchanged runs too. */
  readonly logBytesPerFile: number;
  /** Files a second of `log verify` and of `replay`, start included. */
  readonly verifiedPerSecond: number;
  readonly replayedPerSecond: number;
}

/**
 * One first backup each, then unchanged ones in turn, with `find` beside them, which looks at every
 * file and does nothing else. `start` is how holdfast is started, for its figures beyond time.
 */
export async function scale(
  { server, contenders, source, scratch, rounds }: Race,
  files: number,
  start: readonly string[] | null,
): Promise<ScaleFigures> {
  const series: Series[] = [];
  const entered: { contender: Contender; place: Awaited<ReturnType<typeof newPlace>> }[] = [];
  for (const contender of contenders) {
    console.error(`${contender.name}: first backup of ${files.toLocaleString("en")} files`);
    const place = await newPlace(server, scratch);
    entered.push({ contender, place });
    for (const command of contender.prepare(place, source)) await measure(command);
    const first = await sample(server, contender.first(place, source));
    seriesOf(series, contender.name, "first").samples.push(first);
  }
  for (let round = 1; round <= rounds; round++) {
    console.error(`unchanged: round ${round} of ${rounds}`);
    const find = { argv: ["find", source, "-printf", "%s %T@\\n"] };
    seriesOf(series, "find", "unchanged").samples.push(await sample(server, find));
    for (const { contender, place } of entered) {
      const again = await sample(server, contender.unchanged(place, source));
      seriesOf(series, contender.name, "unchanged").samples.push(again);
    }
  }
  const own = start === null ? undefined : entered[0];
  const figures = {
    ...{ databaseBytesPerFile: NaN, logBytesPerFile: NaN },
    ...{ verifiedPerSecond: NaN, replayedPerSecond: NaN },
  };
  if (own !== undefined && start !== null) {
    const wall = async (verb: string[]) => await wallOf(holdfastCommand(start, own.place, verb));
    figures.databaseBytesPerFile = statSync(databaseFile(own.place)).size / files;
    figures.verifiedPerSecond = files / await wall(["log", "verify"]);
    figures.replayedPerSecond = files / await wall(["replay"]);
    const lost = await loseDatabase(server, own.place, { start, files, rounds });
    figures.logBytesPerFile = lost.logBytesPerFile;
    seriesOf(series, own.contender.name, "rebuild").samples.push(...lost.samples);
  }
  for (const { place } of entered) await leave(server, place);
  return { series, ...figures };
}

async function wallOf(command: Parameters<typeof measure>[0]): Promise<number> {
  const walls: number[] = [];
  for (let round = 0; round < 3; round++) walls.push((await measure(command)).wall);
  return median(walls);
}
