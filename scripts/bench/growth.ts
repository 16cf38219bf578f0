import {
  type CommandSample,
  commandsAtSize,
  keptBytes,
  type SizedJob,
} from "./commands_at_size.ts";
import { holdfast } from "./holdfast.ts";
import { measure } from "./measure.ts";
import { leave, newPlace, sample } from "./race.ts";
import { seconds, table } from "./table.ts";
import { ensureTree, fileCount, type TreeShape } from "./trees.ts";

/** A job of one size and what its backups took. */
export interface Backed extends SizedJob {
  readonly files: number;
  readonly backups: readonly CommandSample[];
}

/** Its first and an unchanged backup. */
export async function backedUp(
  { server, start }: Omit<SizedJob, "place">,
  shape: TreeShape,
  { trees, scratch }: { readonly trees: string; readonly scratch: string },
): Promise<Backed> {
  const source = await ensureTree(trees, shape);
  const place = await newPlace(server, scratch);
  const { prepare, first, unchanged } = holdfast("", "", start);
  for (const command of prepare(place, source)) await measure(command);
  const files = fileCount(shape);
  console.error(`${files.toLocaleString("en")} files`);
  const backups = [
    { command: "backup (first)", sample: await sample(server, first(place, source)) },
    { command: "backup (unchanged)", sample: await sample(server, unchanged(place, source)) },
  ];
  return { server, place, start, files, backups };
}

/** Each command at each size, in Markdown; leaves the jobs' places. */
export async function growthTable(jobs: AsyncIterable<Backed>): Promise<string> {
  const rows = new Map<string, CommandSample[]>();
  const kept: string[] = [];
  const sizes: number[] = [];
  for await (const job of jobs) {
    const { database, log } = keptBytes(job);
    sizes.push(job.files);
    kept.push(
      `- ${job.files.toLocaleString("en")} files: database ${
        seconds(database / job.files)
      } bytes a file, ` +
        `log in the repository ${seconds(log / job.files)}.`,
    );
    for (const one of [...job.backups, ...await commandsAtSize(job)]) {
      rows.set(one.command, [...(rows.get(one.command) ?? []), one]);
    }
    await leave(job.server, job.place);
  }
  const columns: readonly [name: string, cell: (one: CommandSample, files: number) => string][] = [
    ["s", ({ sample }) => seconds(sample.wall)],
    ["CPU µs a file", ({ sample }, files) => seconds(sample.cpu / files * 1e6)],
    ["RSS MiB", ({ sample }) => String(Math.round(sample.rss / 2 ** 20))],
    ["requests", ({ sample }) => sample.requests.toLocaleString("en")],
  ];
  const head = columns.flatMap(([name]) =>
    sizes.map((files) => `${files.toLocaleString("en")}: ${name}`)
  );
  const lines = [...rows].map(([command, samples]) => [
    `\`${command}\``,
    ...columns.flatMap(([, cell]) => samples.map((one, i) => cell(one, sizes[i]))),
  ]);
  return `${table(["command", ...head], lines)}\n\n${kept.join("\n")}`;
}
