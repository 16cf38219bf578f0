import type { Packer } from "./packer.ts";
import { packRace } from "./pack_race.ts";
import { editedStage, renamedStage, type Stage, stillStage } from "./pack_stages.ts";
import { packTable } from "./pack_table.ts";
import type { BenchServer } from "./server.ts";
import {
  byteCount,
  ensureTree,
  fileCount,
  largeFile,
  largeFiles,
  manyFiles,
  smallFiles,
  type TreeShape,
} from "./trees.ts";

export interface PackBench {
  readonly server: BenchServer;
  readonly packers: readonly Packer[];
  readonly scratch: string;
  readonly rounds: number;
  /** Folder of the trees that are kept between runs. */
  readonly trees: string;
}

interface PackScenario {
  readonly title: string;
  readonly shape: TreeShape;
  readonly stage: (tree: string, scratch: string) => Promise<Stage>;
  readonly proves: boolean;
}

const SCENARIOS: Readonly<Record<string, PackScenario>> = {
  packs: {
    title: "10,000 files of 4 KiB into packs",
    shape: smallFiles,
    stage: renamedStage,
    proves: true,
  },
  "packs-large": {
    title: "4 files of 512 MiB into packs",
    shape: largeFiles,
    stage: (tree) => stillStage(tree, ["first"]),
    proves: true,
  },
  "packs-edit": {
    title: "A file of 2 GiB in packs, 1 % changed in 50 places",
    shape: largeFile,
    stage: editedStage,
    proves: true,
  },
  "packs-scale": {
    title: "1,000,000 files of 200 bytes in 20,000 folders into packs",
    shape: manyFiles,
    stage: (tree) => stillStage(tree, ["first", "unchanged"]),
    proves: false, // writing and comparing a million files takes longer than all that is measured
  },
};

export const PACK_SCENARIOS = Object.keys(SCENARIOS);

/** Runs the scenario of this name, one of PACK_SCENARIOS; returns Markdown. */
export async function packScenario(name: string, bench: PackBench): Promise<string> {
  const { title, shape, stage, proves } = SCENARIOS[name];
  const tree = await ensureTree(bench.trees, shape);
  const all = await packRace({
    ...bench,
    stage: await stage(tree, bench.scratch),
    proves,
  });
  const amount = { files: fileCount(shape), bytes: byteCount(shape) };
  const peers = bench.packers.filter(({ own }) => own === undefined).map(({ name }) => name);
  return `### ${title}\n\n${packTable(all, amount, peers)}\n`;
}
