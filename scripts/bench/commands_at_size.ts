import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { mustRun } from "../command.ts";
import { filesBelow } from "../files_below.ts";
import type { Place } from "./contender.ts";
import { databaseFile, holdfastCommand } from "./holdfast.ts";
import { measure } from "./measure.ts";
import { sample } from "./race.ts";
import type { Sample } from "./samples.ts";
import type { BenchServer } from "./server.ts";

export interface CommandSample {
  readonly command: string;
  readonly sample: Sample;
}

/** A job after its first and an unchanged backup. */
export interface SizedJob {
  readonly server: BenchServer;
  readonly place: Place;
  readonly start: readonly string[];
}

/** Bytes of the job's database and of its log in the store. */
export function keptBytes({ server, place }: SizedJob): { database: number; log: number } {
  const segments = filesBelow(join(repositoryOf(server, place), ".holdfast", "log"));
  const log = segments.reduce((sum, file) => sum + Deno.statSync(file).size, 0);
  return { database: Deno.statSync(databaseFile(place)).size, log };
}

/**
 * Every command that goes through the index, the log or the store, once each, in the order in which
 * they disturb each other least. The database is lost twice: it comes back from the log, and then
 * from the objects' metadata alone, and must say the same of every entry.
 */
export async function commandsAtSize(job: SizedJob): Promise<CommandSample[]> {
  const { server, place, start } = job;
  const samples: CommandSample[] = [];
  const out = join(place.scratch, "out");
  async function take(verb: readonly string[], options: readonly string[] = [], ends = 0) {
    const command = verb.join(" ");
    console.error(`  ${command}`);
    const one = { ...holdfastCommand(start, place, verb, options), ends };
    samples.push({ command, sample: await sample(server, one) });
  }
  for (const verb of LOOKS) await take(verb);
  for (const format of ["jsonl", "csv", "parquet"]) {
    await take(["log", "export", "--format", format], ["--output", out]);
    await rm(out);
  }
  for (const verb of WORKS) await take(verb);
  await take(["restore"], ["--to", out]);
  await rm(out, { recursive: true });
  const before = await entriesOf(job);
  await loseDatabase(place);
  await take(["rebuild"]);
  await mustSay(before, job);
  await loseDatabase(place);
  for (const part of ["log", "checkpoints"]) {
    const folder = join(repositoryOf(server, place), ".holdfast", part);
    await rename(folder, join(place.scratch, part));
  }
  await take(["rebuild"], [], 5);
  samples[samples.length - 1] = { ...samples.at(-1)!, command: "rebuild (without log)" };
  return samples;
}

const LOOKS = [
  ["status"],
  ["stats"],
  ["snapshots"],
  ["find", "*"],
  ["ls"],
  ["diff", "latest", "head"],
  ["history", "000/000/file-0000.dat"],
  ["cost"],
  ["log"],
  ["log", "verify"],
  ["replay"],
];
const WORKS = [["check"], ["reconcile"], ["prune", "--dry-run"], ["log", "checkpoint"]];

function repositoryOf(server: BenchServer, { bucket }: Place): string {
  return join(server.folderOf(bucket), "repository");
}

async function loseDatabase(place: Place): Promise<void> {
  await rm(dirname(databaseFile(place)), { recursive: true });
}

/** Digest of all that is said of every entry. */
async function entriesOf({ place, start }: SizedJob): Promise<string> {
  const { argv, env } = holdfastCommand(start, place, ["find", "*", "--json"]);
  return await mustRun(["sh", "-c", '"$@" | sha256sum', "sh", ...argv], { env });
}

async function mustSay(before: string, job: SizedJob): Promise<void> {
  await measure(holdfastCommand(job.start, job.place, ["log", "verify"]));
  if (await entriesOf(job) !== before) throw new Error("the rebuilt database says something else");
}
