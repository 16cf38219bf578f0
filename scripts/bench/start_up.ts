import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileExecutable } from "../build/executable.ts";
import { run } from "../command.ts";
import { measure } from "./measure.ts";
import { type Series, seriesOf } from "./samples.ts";

/** An executable that prints the version of its Deno and does nothing else. */
export async function compileBare(folder: string): Promise<{ path: string; deno: string }> {
  await mkdir(folder, { recursive: true });
  const script = join(folder, "bare.js");
  const path = join(folder, "bare");
  await writeFile(script, "console.log(Deno.version.deno);\n");
  await compileExecutable(script, path);
  return { path, deno: (await run([path])).stdout.trim() };
}

/** Start-up times of these programs, interleaved, the first round thrown away. */
export async function startUp(
  programs: readonly { name: string; argv: readonly string[] }[],
  rounds: number,
): Promise<Series[]> {
  const all: Series[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const { name, argv } of programs) {
      const measured = await measure({ argv });
      if (round > 0) seriesOf(all, name, "start").samples.push({ ...measured, requests: 0 });
    }
  }
  return all;
}
