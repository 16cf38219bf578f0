import { join } from "node:path";
import { mustRun } from "../command.ts";
import { missingSambaProgram, type Samba, startSamba } from "../samba_server.ts";
import type { Contender, Place } from "./contender.ts";
import { holdfast } from "./holdfast.ts";
import { installed, rcloneSync } from "./peers.ts";
import { race } from "./race.ts";
import type { BenchServer } from "./server.ts";
import { shareMemory } from "./share_memory.ts";
import { seriesTable } from "./table.ts";
import { byteCount, ensureTree, fileCount, type TreeShape } from "./trees.ts";

export interface ShareBench {
  readonly server: BenchServer;
  /** Holdfast's own starts by name. */
  readonly starts: readonly (readonly [name: string, start: readonly string[]])[];
  /** Folder of the other tools. */
  readonly bin: string;
  readonly isAsked: (name: string) => boolean;
  readonly scratch: string;
  readonly rounds: number;
  readonly trees: string;
}

const SHAPES: Readonly<Record<string, TreeShape & { readonly title: string }>> = {
  shares: {
    ...{ title: "2,000 files of 4 KiB on a Samba share", name: "share-small" },
    ...{ folders: 20, filesPerFolder: 100, fileSize: 4096 },
  },
  "shares-large": {
    ...{ title: "A file of 512 MiB on a Samba share", name: "share-large" },
    ...{ folders: 1, filesPerFolder: 1, fileSize: 512 * 2 ** 20 },
  },
};

const MEMORY = "shares-memory";
export const SHARE_SCENARIOS = [...Object.keys(SHAPES), MEMORY];

/** Holdfast and rclone read the same share, both without mounting it. Markdown. */
export async function shareScenario(name: string, bench: ShareBench): Promise<string> {
  if (missingSambaProgram() !== undefined) return `### ${name}\n\nSamba is not installed.\n`;
  if (name === MEMORY) return await shareMemory(bench);
  const shape = SHAPES[name];
  const { server, scratch, rounds, trees } = bench;
  const samba = await startSamba();
  try {
    const source = join(await ensureTree(trees, shape), ".");
    await mustRun(["cp", "-a", `${source}/.`, samba.data]);
    const contenders = await contendersFor(samba, bench);
    const all = await race({ server, contenders, source: samba.url, scratch, rounds }, {
      unchanged: true,
    });
    const amount = { files: fileCount(shape), bytes: byteCount(shape) };
    return `### ${shape.title}\n\n${seriesTable(all, amount)}\n`;
  } finally {
    await samba.stop();
  }
}

async function contendersFor(
  samba: Samba,
  { starts, bin, isAsked, scratch }: ShareBench,
): Promise<Contender[]> {
  const file = join(scratch, "share-password");
  await Deno.writeTextFile(file, samba.password);
  const own = starts.map(([name, start]) => holdfast(name, "", start, ["--password-file", file]));
  const peers = await installed(bin, [{
    name: "rclone",
    make: (program, version) => rcloneOfShare(program, version, samba),
  }]);
  if (peers.length === 0) {
    console.error("rclone takes no part: deno run -A scripts/bench_peers.ts --install builds it");
  }
  return [...own, ...peers].filter(({ name }) => isAsked(name));
}

function rcloneOfShare(program: string, version: string, samba: Samba): Contender {
  const obscured = obscure(program, samba.password);
  const sync = (place: Place) => {
    const { argv, env } = rcloneSync(program, place, `share:${samba.share}`);
    const share = {
      RCLONE_CONFIG_SHARE_TYPE: "smb",
      RCLONE_CONFIG_SHARE_HOST: samba.host,
      RCLONE_CONFIG_SHARE_PORT: String(samba.port),
      RCLONE_CONFIG_SHARE_USER: samba.user,
      RCLONE_CONFIG_SHARE_PASS: obscured,
    };
    return { argv, env: { ...env, ...share } };
  };
  return {
    name: "rclone",
    version,
    prepare: () => [],
    first: sync,
    unchanged: sync,
    scales: false,
  };
}

/** rclone takes a password only so. */
function obscure(program: string, password: string): string {
  const { stdout } = new Deno.Command(program, { args: ["obscure", password] }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}
