import { join } from "node:path";
import { mustRun } from "../command.ts";
import { watchMemory } from "../resident_memory.ts";
import { type Samba, startSamba } from "../samba_server.ts";
import type { Place } from "./contender.ts";
import { holdfast, holdfastCommand } from "./holdfast.ts";
import { measure } from "./measure.ts";
import { leave, newPlace } from "./race.ts";
import type { ShareBench } from "./shares.ts";
import { table } from "./table.ts";

interface Scenario {
  readonly title: string;
  /** Of a shell in the share's folder. */
  readonly make: string;
  readonly verb: readonly string[];
}

const SCENARIOS: readonly Scenario[] = [
  {
    title: "2,000 files of 4 KiB",
    make: "seq 2000 | while read i; do head -c 4096 /dev/urandom > $i; done",
    verb: ["backup"],
  },
  {
    title: "a file of 512 MiB",
    make: "head -c 536870912 /dev/urandom > large",
    verb: ["backup"],
  },
  {
    title: "100,000 files in one folder, listed (`--dry-run`)",
    make: "mkdir many; cd many; seq -f 'file %06g of a folder' 100000 | xargs -d '\\n' touch",
    verb: ["backup", "--dry-run"],
  },
];

/** Peaks of resident memory of the parent and of the largest of its children. Markdown. */
export async function shareMemory(
  { server, starts, isAsked, scratch }: ShareBench,
): Promise<string> {
  const rows: string[][] = [];
  for (const { title, make, verb } of SCENARIOS) {
    const samba = await startSamba();
    try {
      await mustRun(["sh", "-ec", make], { cwd: samba.data });
      for (const [name, start] of starts.filter(([name]) => isAsked(name))) {
        console.error(`${name}: memory with ${title}`);
        const place = await newPlace(server, scratch);
        const { parent, child } = await peaks({ start, verb, place, samba });
        rows.push([title, name, parent.toFixed(0), child.toFixed(0)]);
        await leave(server, place);
      }
    } finally {
      await samba.stop();
    }
  }
  const head = ["share", "program", "parent MiB", "child MiB"];
  return `### Resident memory with a share\n\n${table(head, rows)}\n`;
}

async function peaks(
  { start, verb, place, samba }: {
    readonly start: readonly string[];
    readonly verb: readonly string[];
    readonly place: Place;
    readonly samba: Samba;
  },
) {
  const file = join(place.scratch, "password");
  await Deno.writeTextFile(file, samba.password);
  const { prepare } = holdfast("", "", start, ["--password-file", file]);
  for (const command of prepare(place, samba.url)) await measure(command);
  const { argv, env } = holdfastCommand(start, place, verb);
  const [program, ...args] = argv;
  const child = new Deno.Command(program, {
    ...{ args, ...(env === undefined ? {} : { env }) },
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  const memory = await watchMemory(child);
  const { code } = await child.status;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with exit code ${code}`);
  return memory;
}
