/** Runs the compiled executable as a person would: its arguments, its exit code, what it prints. */
import { distFolder, ensureHoldfast } from "../../scripts/build/holdfast_executable.ts";

/** Everything that one test's runs may touch: config, database and home in a folder of its own. */
export interface Place {
  readonly folder: string;
  readonly config: string;
  /** Either is "" where the executable is to find its own. */
  readonly state: string;
  /** The only variables that the executable sees. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for looking for a message. */
  readonly said: string;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  readonly env?: Readonly<Record<string, string>>;
  /** Put in front of the executable: `["prlimit", …]`. */
  readonly before?: readonly string[];
  /** Milliseconds after which it is ended; LONGEST_MS by default. */
  readonly longest?: number;
}

/** No run of these tests takes a quarter of it; a run that hangs must not hang the tests. */
const LONGEST_MS = 120_000;

/** Starts the executable; the caller ends it, or waits for its end. */
export async function startHoldfast(
  place: Place,
  args: readonly string[],
  { env = {}, stdin, before = [], longest = LONGEST_MS }: RunOptions = {},
): Promise<Deno.ChildProcess> {
  const path = await (executable ??= builtOnce());
  const [program, ...rest] = [...before, path, ...globals(place), ...args];
  return new Deno.Command(program, {
    args: rest,
    cwd: place.folder,
    env: { ...place.env, ...env },
    clearEnv: true,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(longest),
  }).spawn();
}

let executable: Promise<string> | undefined;

/** Test files run side by side in one process: the first builds, where there is a need, and no other. */
async function builtOnce(): Promise<string> {
  await Deno.mkdir(distFolder, { recursive: true });
  using file = await Deno.open(`${distFolder}/.lock`, { create: true, write: true });
  await file.lock(true);
  return (await ensureHoldfast()).path;
}

function globals({ config, state }: Place): string[] {
  return [
    ...(config === "" ? [] : ["--config", config]),
    ...(state === "" ? [] : ["--state", state]),
  ];
}

/** Runs the executable to its end. */
export async function holdfast(
  place: Place,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const child = await startHoldfast(place, args, options);
  if (options.stdin !== undefined) await feed(child, options.stdin);
  return await endOf(child);
}

async function feed(
  child: Deno.ChildProcess,
  input: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writer = child.stdin.getWriter();
  await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
  await writer.close();
}

/** What a started process printed, once it has ended. */
export async function endOf(child: Deno.ChildProcess): Promise<Ended> {
  const output = await child.output();
  const decoder = new TextDecoder();
  const [stdout, stderr] = [decoder.decode(output.stdout), decoder.decode(output.stderr)];
  return { code: output.code, stdout, stderr, said: `${stdout}${stderr}` };
}

/** As `holdfast`, but anything but this exit code throws with all that was printed. */
export async function mustEnd(
  code: number,
  place: Place,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const ended = await holdfast(place, args, options);
  if (ended.code === code) return ended;
  throw new Error(
    `holdfast ${args.join(" ")} ended with ${ended.code} instead of ${code}\n${ended.said}`,
  );
}

// deno-lint-ignore no-explicit-any -- records are looked into field by field
export type JsonRecord = Record<string, any>;

/** The lines of `--json` as objects: a line that is no JSON throws. */
export function recordsOf({ stdout }: Ended): JsonRecord[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Runs with `--json`; the records and the exit code. */
export async function holdfastJson(
  place: Place,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended & { readonly records: JsonRecord[] }> {
  const ended = await holdfast(place, ["--json", ...args], options);
  return { ...ended, records: recordsOf(ended) };
}

/** The totals of a run's summary record. */
export function totalsOf(records: readonly JsonRecord[]): JsonRecord {
  const summary = records.find(({ record }) => record === "summary");
  if (summary === undefined) throw new Error(`no summary in ${JSON.stringify(records)}`);
  return summary.totals;
}

/** Events of a type, as `log --json` prints them. */
export async function eventsOf(place: Place, type: string): Promise<JsonRecord[]> {
  const ended = await mustEnd(0, place, ["--json", "log", "--type", type]);
  return recordsOf(ended);
}
