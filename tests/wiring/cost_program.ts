import { runProgram } from "../../src/cli/main_program.ts";
import type { Runner } from "../../src/cli/runner.ts";
import { libc } from "../../src/libc/libc.ts";
import { runBackup } from "../../src/wiring/run_backup.ts";
import { runCost } from "../../src/wiring/run_cost.ts";
import { runDelete } from "../../src/wiring/run_delete.ts";
import { runForget } from "../../src/wiring/run_forget.ts";
import { runInit } from "../../src/wiring/run_init.ts";
import { runPrune } from "../../src/wiring/run_prune.ts";
import { fakeSystem } from "../cli/fake_system.ts";

// Opened once for the process, as the program does: no test's own leak.
libc();

const runner = {
  backup: runBackup,
  cost: runCost,
  delete: runDelete,
  forget: runForget,
  init: runInit,
  prune: runPrune,
} as Runner;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A job "home" of a folder store, with all that its commands touch below one folder. */
export interface CostPlace {
  readonly folder: string;
  readonly source: string;
  run(...args: string[]): Promise<Ran>;
  /** Without the config and the database of the job. */
  runWithout(...args: string[]): Promise<Ran>;
  /** Every file of the store with its size: what a run has written. */
  stored(): string[];
}

/** Prices for the folder store, as AWS has them. */
export const FILE_PRICES = [
  ["storage", "STANDARD", 0.023],
  ["storage", "GLACIER", 0.0036],
  ["storage", "DEEP_ARCHIVE", 0.00099],
  ["put", "STANDARD", 0.005],
  ["put", "GLACIER", 0.03],
  ["put", "DEEP_ARCHIVE", 0.05],
  ["delete", "", 0],
].map(([item, storageClass, usd]) => price({ item, storageClass, usd })).join("\n");

/** What a restore from GLACIER by Bulk and Standard is charged with besides. */
export const RESTORE_PRICES = [
  ...["Bulk", "Standard"].flatMap((tier, i) => [
    { item: "retrieval", storageClass: "GLACIER", tier, usd: 0.01 * i },
    { item: "retrieval-request", storageClass: "GLACIER", tier, usd: 0.05 * i },
  ]),
  ...["STANDARD", "GLACIER"].map((storageClass) => ({ item: "get", storageClass, usd: 0.0004 })),
  { item: "egress", storageClass: "", usd: 0.09 },
].map(price).join("\n");

function price(
  { item, storageClass, tier, usd }: {
    readonly item: unknown;
    readonly storageClass: unknown;
    readonly tier?: string;
    readonly usd: unknown;
  },
): string {
  return `[[prices]]\nregion = "file"\nitem = "${item}"\nusd = ${usd}\n` +
    (storageClass === "" ? "" : `storage_class = "${storageClass}"\n`) +
    (tier === undefined ? "" : `tier = "${tier}"\n`) +
    'source = "a test"\ndate = 2026-11-21\n';
}

/** `init`: its options besides source and repository; `config`: what is added below the section. */
export async function withCostPlace(
  { init = [], config = FILE_PRICES }: { readonly init?: string[]; readonly config?: string },
  use: (place: CostPlace) => Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-cost-" });
  const [source, file] = [`${folder}/src`, `${folder}/holdfast.toml`];
  Deno.mkdirSync(source);
  const place: CostPlace = {
    ...{ folder, source },
    run: (...args) => run([...args, "--config", file, "--state", `${folder}/home.db`]),
    runWithout: (...args) => run(args),
    stored: () => filesIn(`${folder}/store`),
  };
  try {
    const repository = ["--repository", `file://${folder}/store`];
    const made = await place.run(
      "init",
      "--job",
      "home",
      "--source",
      source,
      ...repository,
      ...init,
    );
    if (made.code !== 0) throw new Error(made.err);
    Deno.writeTextFileSync(file, `log_dir = "${folder}/logs"\n${config}`, { append: true });
    await use(place);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function run(args: string[]): Promise<Ran> {
  const system = fakeSystem();
  try {
    const code = await runProgram(args, runner, system);
    return { code, out: system.out(), err: system.err() };
  } finally {
    system.remove();
  }
}

function filesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      return isDirectory ? filesIn(path) : [`${path} ${Deno.statSync(path).size}`];
    }).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
