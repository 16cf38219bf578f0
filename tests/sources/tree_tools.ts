/** What the tests of sources and targets make trees with, and look at them by. */
import { bytesOfText, type PathText, textOfBytes } from "../../src/core/path_text.ts";
import { type EntryStat, STAT_RECORD_BYTES, unpackStat } from "../../src/core/stat_record.ts";
import type { FolderListing } from "../../src/ports/source.ts";

export const onLinux = Deno.build.os === "linux";

/** Runs a command; its standard output as text. Throws with its standard error where it fails. */
export function run(
  command: string,
  args: string[],
  options: { cwd?: string; input?: Uint8Array<ArrayBuffer> } = {},
): string {
  const result = tryRun(command, args, options);
  if (!result.success) throw new Error(`${command} ${args.join(" ")}: ${result.error}`);
  return result.output;
}

function tryRun(
  command: string,
  args: string[],
  options: { cwd?: string; input?: Uint8Array<ArrayBuffer> },
): { success: boolean; output: string; error: string } {
  const decoder = new TextDecoder();
  if (options.input !== undefined) {
    const file = Deno.makeTempFileSync();
    Deno.writeFileSync(file, options.input);
    const shell = ["-c", 'input=$1; shift; exec "$@" < "$input"', "sh", file, command, ...args];
    const piped = new Deno.Command("sh", { args: shell, cwd: options.cwd }).outputSync();
    Deno.removeSync(file);
    return {
      success: piped.success,
      output: decoder.decode(piped.stdout),
      error: decoder.decode(piped.stderr),
    };
  }
  const { success, stdout, stderr } = new Deno.Command(command, { args, cwd: options.cwd })
    .outputSync();
  return { success, output: decoder.decode(stdout), error: decoder.decode(stderr) };
}

/** Runs a line of shell in the folder. */
export function shell(folder: string, line: string): string {
  return run("sh", ["-ec", line], { cwd: folder });
}

/** Prints that the test is skipped, and why; fails instead where CI=true. */
export function skip(test: string, why: string): void {
  if (Deno.env.get("CI") === "true") throw new Error(`"${test}" cannot run here: ${why}`);
  console.log(`SKIPPED ${test}: ${why}`);
}

/** True where the command can be started. Else the test is skipped, as `skip` says. */
export function hasCommand(test: string, command: string): boolean {
  try {
    if (tryRun(command, ["--version"], {}).success) return true;
  } catch {
    // Not installed.
  }
  skip(test, `${command} is not installed`);
  return false;
}

/** True where mknod of a device is permitted. Else the test is skipped, as `skip` says. */
export function canMakeDevices(test: string, folder: string): boolean {
  const probe = `${folder}/probe`;
  const { success } = tryRun("mknod", [probe, "c", "1", "3"], {});
  if (success) Deno.removeSync(probe);
  else skip(test, "mknod of devices is refused");
  return success;
}

/**
 * Runs a script with this Deno in a process without these capabilities, so that modes apply to root
 * too. Its standard output; undefined where the test is skipped, having said so.
 */
export function runWithoutRights(
  capabilities: string[],
  script: string,
  args: string[],
): string | undefined {
  const deno = [Deno.execPath(), "run", "-A", script, ...args];
  if (Deno.uid() !== 0) return run(deno[0], deno.slice(1));
  if (!hasCommand(script, "setpriv")) return undefined;
  const dropped = capabilities.map((capability) => `-${capability}`).join(",");
  return run("setpriv", [`--bounding-set=${dropped}`, ...deno]);
}

/** Makes empty files with these names, any bytes but "/" and NUL. */
export function touchAll(folder: string, names: PathText[]): void {
  const input = names.flatMap((name) => [...bytesOfText(`./${name}`), 0]);
  run("xargs", ["-0", "touch", "--"], { cwd: folder, input: Uint8Array.from(input) });
}

/** Two names of each byte but "/" and NUL: the byte alone, and between others. */
export function everyByteName(): PathText[] {
  const names: PathText[] = [];
  for (let byte = 1; byte < 256; byte++) {
    if (byte === 0x2f) continue;
    names.push(textOfBytes(Uint8Array.of(0x62, byte, 0x65)));
    if (byte !== 0x2e) names.push(textOfBytes(Uint8Array.of(byte)));
  }
  return names;
}

/** Names that tools stumble over, all of them UTF-8. */
export const oddNames: PathText[] = [
  "x".repeat(255),
  "é".repeat(127),
  "nfc-\u00e9",
  "nfc-e\u0301",
  "Case",
  "case",
  "trailing space ",
  "trailing dot.",
  "-leading",
  "--help",
  "new\nline",
  "line\n",
  "tab\tand\\backslash",
  "*?[a]",
  "replacement-\ufffd",
  "😀",
  ".holdfast",
  "...",
  " ",
];

export interface ListedEntry {
  readonly name: PathText;
  readonly stat: EntryStat;
  readonly links: number;
  readonly mount: number;
}

/** The columns of a listing as objects. */
export function entriesOf(listing: FolderListing): ListedEntry[] {
  return Array.from({ length: listing.count }, (_, i) => ({
    name: textOfBytes(
      listing.names.subarray(i === 0 ? 0 : listing.nameEnds[i - 1], listing.nameEnds[i]),
    ),
    stat: unpackStat(listing.stats, i * STAT_RECORD_BYTES),
    links: listing.links[i],
    mount: listing.mounts[i],
  }));
}

/** Calls `use` with a new temporary folder, removed afterwards whatever its modes and depth. */
export async function withFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-test-" });
  try {
    await use(folder);
  } finally {
    if (onLinux) run("rm", ["-rf", "--", folder]);
    else Deno.removeSync(folder, { recursive: true });
  }
}

/** A chain of folders "d/d/d/…" with a file "end" at the bottom; deeper than PATH_MAX if so asked. */
export function makeChain(folder: string, depth: number, name: string): void {
  shell(
    folder,
    `i=0; while [ $i -lt ${depth} ]; do mkdir ${name}; cd -P ./${name}; i=$((i+1)); done; echo deep > end`,
  );
}
