import type { Contender } from "./contender.ts";
import type { Backed } from "./growth.ts";
import { measure } from "./measure.ts";
import { leave, newPlace, type Race, sample } from "./race.ts";
import { type Sample, type Series, seriesOf } from "./samples.ts";

/** The samples of all, and holdfast's job, which is left as it is. */
export interface Scaled {
  readonly series: Series[];
  readonly own: Backed | undefined;
}

/**
 * One first backup each, then unchanged ones in turn, with `find` beside them, which looks at every
 * file and does nothing else. `start` is how holdfast is started, where it is the first of them.
 */
export async function scale(
  { server, contenders, source, scratch, rounds }: Race,
  files: number,
  start: readonly string[] | null,
): Promise<Scaled> {
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
  for (const one of entered) if (one !== own) await leave(server, one.place);
  if (own === undefined || start === null) return { series, own: undefined };
  const backups = ["first", "unchanged"].map((what) => ({
    command: `backup (${what})`,
    sample: sampleOf(series, own.contender.name, what),
  }));
  return { series, own: { server, place: own.place, start, files, backups } };
}

/** The first of those that were taken. */
function sampleOf(series: Series[], tool: string, what: string): Sample {
  return seriesOf(series, tool, what).samples[0];
}
