/**
 * `deno run -A scripts/golden.ts NAME`: makes a golden repository with the executable of now, which
 * every later version must be able to restore. One that is committed is never made again: another
 * format gets another name. Writes tests/golden/NAME.tar.zst and the facts of its first and last
 * state. Needs bash, tar and zstd.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureHoldfast } from "./build/holdfast_executable.ts";
import { mustRun } from "./command.ts";
import { projectRoot } from "./project_root.ts";

/** Repositories by name, as arguments of `init`. */
const kinds: Readonly<Record<string, (recipient: string) => readonly string[]>> = {
  "pack-age-1": (recipient) => ["--layout", "pack", "--recipient", recipient],
  "pack-plain-1": () => ["--layout", "pack", "--encryption", "none"],
  "mirror-age-1": (recipient) => ["--recipient", recipient],
  "mirror-plain-1": () => [],
};

const golden = join(projectRoot, "tests", "golden");
const [name] = Deno.args;
if (!(name in kinds)) throw new Error(`one of ${Object.keys(kinds).join(", ")}`);
const { path: holdfast } = await ensureHoldfast();
const work = await Deno.makeTempDir({ prefix: "holdfast-golden-" });
try {
  const identity = await Deno.readTextFile(join(golden, "identity.txt"));
  const recipient = /age1[0-9a-z]+/.exec(identity)![0];
  await mkdir(join(work, "home"));
  const script = join(golden, "make.sh");
  await mustRun(["bash", "-euo", "pipefail", script, ...kinds[name](recipient)], {
    cwd: work,
    env: { HOME: join(work, "home"), HOLDFAST: holdfast, TZ: "UTC", LC_ALL: "C" },
  });
  const file = join(golden, `${name}.tar.zst`);
  await mustRun(["tar", "--sort=name", "-C", work, "-I", "zstd -19", "-cf", file, "store"]);
  for (const state of ["first", "last"]) {
    await Deno.copyFile(join(work, `${state}.facts`), join(golden, `${name}.${state}.facts`));
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
