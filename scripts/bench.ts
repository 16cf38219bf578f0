/**
 * `deno task bench [--scale] [--only NAME…] [--rounds N] [--tool NAME…]`: holdfast beside other tools.
 *
 * Scenarios: start, small (10,000 files of 4 KiB), rename (their folder renamed), rebuild (the
 * database of these files lost), large (4 files of 512 MiB), and scale (1,000,000 files of 200 bytes,
 * whose first backups take about half an hour, and every command of holdfast at 10,000, 100,000 and
 * 1,000,000 files). In the pack layout:
 * packs (the small files: first, unchanged, their folder renamed), packs-large, packs-edit (a file of
 * 2 GiB changed in 50 places), and with --scale packs-scale. From a Samba share: shares (2,000 files of
 * 4 KiB), shares-large (one of 512 MiB), shares-memory (resident memory of parent and child). Prints
 * Markdown on stdout. Needs Linux, python3, versitygw (as the tests do), for shares Samba, and the other
 * tools from `scripts/bench_peers.ts`.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Contender } from "./bench/contender.ts";
import { type Backed, backedUp, growthTable } from "./bench/growth.ts";
import { holdfast } from "./bench/holdfast.ts";
import { machineLine } from "./bench/machine.ts";
import { allMovers } from "./bench/movers.ts";
import { PACK_SCENARIOS, packScenario } from "./bench/pack_scenarios.ts";
import { holdfastPacker, installedPackers, newPackKey } from "./bench/packers.ts";
import { installedPeers } from "./bench/peers.ts";
import { race } from "./bench/race.ts";
import { rebuildAfterBackup } from "./bench/rebuild.ts";
import { renameRace } from "./bench/rename_race.ts";
import { scale } from "./bench/scale.ts";
import { median } from "./bench/samples.ts";
import { SHARE_SCENARIOS, shareScenario } from "./bench/shares.ts";
import { startServer } from "./bench/server.ts";
import { compileBare, startUp } from "./bench/start_up.ts";
import { seconds, seriesTable, table } from "./bench/table.ts";
import {
  byteCount,
  ensureTree,
  fileCount,
  growingFiles,
  largeFiles,
  manyFiles,
  smallFiles,
} from "./bench/trees.ts";
import { bundleFile, ensureHoldfast } from "./build/holdfast_executable.ts";
import { cacheFolder } from "./cache_folder.ts";
import { messageOf } from "../src/core/error.ts";
import { ensureVersitygw } from "./test_tools.ts";
import { V8_FLAGS } from "./build/v8_flags.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    scale: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    tool: { type: "string", multiple: true },
    rounds: { type: "string", default: "3" },
  },
});
const rounds = Number(values.rounds);
const known = ["start", "small", "rename", "rebuild", "large", "scale"].concat(
  ...[PACK_SCENARIOS, SHARE_SCENARIOS],
);
const scenarios = values.only ?? known.filter((name) => values.scale || !name.endsWith("scale"));
if (!scenarios.every((name) => known.includes(name))) {
  console.error(`--only takes ${known.join(", ")}`);
  Deno.exit(2);
}
const base = join(cacheFolder(), "bench");
const trees = join(base, "trees");
await mkdir(trees, { recursive: true });
const scratch = await Deno.makeTempDir({ dir: base, prefix: "run-" });

const bare = await compileBare(join(base, "bare"));
const executable = await ownExecutable();
const ownName = `holdfast (executable, Deno ${bare.deno})`;
const starts: [name: string, start: string[]][] = executable === null ? [] : [
  [ownName, [executable]],
  [`holdfast (Deno ${Deno.version.deno})`, denoStart()],
];
const own: Contender[] = starts.map(([name, start]) => holdfast(name, "", start));
const bin = join(cacheFolder(), "bin");
const peers = await installedPeers(bin);
const isAsked = (name: string) =>
  values.tool === undefined || values.tool.some((tool) => name.startsWith(tool));
const contenders = [...own, ...peers].filter(({ name }) => isAsked(name));
const packPeers = await installedPackers(bin);

const versitygw = await ensureVersitygw();
if (versitygw === undefined) {
  console.error("the bench needs versitygw, and it could not be installed");
  Deno.exit(1);
}
const server = await startServer(versitygw, scratch);
try {
  console.log(`Measured ${machineLine()}; medians of ${rounds} interleaved runs, RSS the largest.`);
  console.log("The store is versitygw on loopback, on the same cores.");
  const versions = [...peers, ...packPeers].map(({ name, version }) => `${name} ${version}`);
  console.log(`Versions: ${[...new Set(versions)].join(", ")}.\n`);
  if (scenarios.includes("start")) await startScenario();
  if (scenarios.includes("small")) await raceScenario("10,000 files of 4 KiB", smallFiles, true);
  if (scenarios.includes("rename")) await renameScenario(smallFiles);
  if (scenarios.includes("rebuild")) await rebuildScenario(smallFiles);
  if (scenarios.includes("large")) await raceScenario("4 files of 512 MiB", largeFiles, false);
  if (scenarios.includes("scale")) await scaleScenario();
  await packScenarios(PACK_SCENARIOS.filter((name) => scenarios.includes(name)));
  for (const name of SHARE_SCENARIOS.filter((name) => scenarios.includes(name))) {
    console.log(
      await shareScenario(name, { server, starts, bin, isAsked, scratch, rounds, trees }),
    );
  }
} finally {
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
}

async function ownExecutable(): Promise<string | null> {
  try {
    return (await ensureHoldfast()).path;
  } catch (error) {
    console.error(`holdfast takes no part, it cannot be built: ${messageOf(error)}`);
    return null;
  }
}

function denoStart(): string[] {
  const flags = ["--allow-all", "--no-config", "--no-lock", `--v8-flags=${V8_FLAGS}`];
  return [Deno.execPath(), "run", ...flags, bundleFile];
}

async function startScenario(): Promise<void> {
  const programs = [{ name: `bare executable (Deno ${bare.deno})`, argv: [bare.path] }];
  if (executable !== null) {
    programs.push({ name: "holdfast --version (executable)", argv: [executable, "--version"] });
    programs.push({
      name: `holdfast --version (Deno ${Deno.version.deno})`,
      argv: [...denoStart(), "--version"],
    });
  }
  const all = await startUp(programs, 21);
  const rows = all.map(({ tool, samples }) => [
    tool,
    (median(samples.map(({ wall }) => wall)) * 1000).toFixed(1),
    (median(samples.map(({ cpu }) => cpu)) * 1000).toFixed(1),
    String(Math.round(Math.max(...samples.map(({ rss }) => rss)) / 2 ** 20)),
  ]);
  console.log(`### Start\n\n${table(["program", "wall ms", "CPU ms", "RSS MiB"], rows)}\n`);
}

async function raceScenario(
  title: string,
  shape: typeof smallFiles,
  unchanged: boolean,
): Promise<void> {
  const source = await ensureTree(trees, shape);
  const all = await race({ server, contenders, source, scratch, rounds }, { unchanged });
  const amount = { files: fileCount(shape), bytes: byteCount(shape) };
  console.log(`### ${title}\n\n${seriesTable(all, amount)}\n`);
}

async function renameScenario(shape: typeof smallFiles): Promise<void> {
  const source = await ensureTree(trees, shape);
  const movers = allMovers(executable === null ? null : [executable], ownName, bin)
    .filter(({ name }) => isAsked(name));
  const all = await renameRace({ server, movers, source, scratch, rounds });
  const amount = { files: fileCount(shape), bytes: byteCount(shape) };
  console.log(`### Renamed folder of ${amount.files.toLocaleString("en")} files\n`);
  console.log(`${seriesTable(all, amount)}\n`);
}

async function rebuildScenario(shape: typeof smallFiles): Promise<void> {
  if (executable === null || !isAsked(ownName)) return;
  const source = await ensureTree(trees, shape);
  const [files, bytes] = [fileCount(shape), byteCount(shape)];
  const start = { start: [executable], name: ownName, files };
  const result = await rebuildAfterBackup({ server, source, scratch, rounds }, start);
  console.log(`### Lost database of ${files.toLocaleString("en")} files\n`);
  console.log(`${seriesTable(result.series, { files, bytes })}\n`);
  console.log(`Log in the repository: ${seconds(result.logBytesPerFile)} bytes a file.\n`);
}

async function scaleScenario(): Promise<void> {
  const source = await ensureTree(trees, manyFiles);
  const files = fileCount(manyFiles);
  // The executable only: the same code on Deno would add a second first backup of many minutes.
  const taking = contenders.filter((one) => one.scales && one !== own[1]);
  const start = executable !== null && taking[0] === own[0] ? [executable] : null;
  const result = await scale({ server, contenders: taking, source, scratch, rounds }, files, start);
  const amount = { files, bytes: byteCount(manyFiles) };
  console.log(`### 1,000,000 files of 200 bytes in 20,000 folders\n`);
  console.log(`${seriesTable(result.series, amount)}\n`);
  if (result.own === undefined) return;
  console.log(`### What grows with the files\n\n${await growthTable(growing(result.own))}\n`);
}

async function* growing(largest: Backed): AsyncGenerator<Backed> {
  for (const shape of growingFiles) {
    const { files } = largest;
    if (fileCount(shape) === files) yield largest;
    else yield await backedUp(largest, shape, { trees, scratch });
  }
}

async function packScenarios(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const asked = starts.filter(([name]) => isAsked(name));
  const key = asked.length === 0 ? undefined : await newPackKey(asked[0][1], scratch);
  const packers = [
    ...asked.flatMap(([name, start]) => key ? [holdfastPacker(name, start, key)] : []),
    ...packPeers.filter(({ name }) => isAsked(name)),
  ];
  for (const name of names) {
    console.log(await packScenario(name, { server, packers, scratch, rounds, trees }));
  }
}
