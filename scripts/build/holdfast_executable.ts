import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { filesBelow } from "../files_below.ts";
import { projectRoot } from "../project_root.ts";
import { bundle } from "./bundle.ts";
import { compileExecutable, type RuntimeOrigin } from "./executable.ts";

export const distFolder = join(projectRoot, "dist");
/** The bundle stays beside the executable: the benchmark runs it on Deno itself. */
export const bundleFile = join(distFolder, "bundle", "main.js");

/** `dist/holdfast`, or what `target` calls it. */
export function executablePath(target: string = Deno.build.target): string {
  const own = target === Deno.build.target;
  const name = own ? "holdfast" : `holdfast-${target}`;
  return join(distFolder, target.includes("windows") ? `${name}.exe` : name);
}

/** The program, and what it starts as a thread. */
const entries = ["main.ts", "crypto/seal_worker.ts"].map((file) => join(projectRoot, "src", file));

/** Bundles src/main.ts and compiles it; returns the executable's path and its runtime's origin. */
export async function buildHoldfast(
  target?: string,
): Promise<{ path: string; runtime: RuntimeOrigin }> {
  const digest = await inputDigest();
  const path = executablePath(target);
  // Under a name of its own until it is whole: two builds at once must not take each other's files.
  const folder = join(distFolder, `bundle-${crypto.randomUUID()}`);
  try {
    const [script, ...workers] = await bundle(entries, folder);
    const runtime = await compileExecutable(script, path, { target, include: workers });
    await rm(dirname(bundleFile), { recursive: true, force: true });
    await rename(folder, dirname(bundleFile));
    if (target === undefined) await writeFile(stampFile(), digest);
    return { path, runtime };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Builds this machine's executable unless the one in dist/ was made from the same inputs. */
export async function ensureHoldfast(): Promise<{ path: string; built: boolean }> {
  const path = executablePath();
  const stamp = existsSync(stampFile()) ? await readFile(stampFile(), "utf8") : "";
  if (existsSync(path) && existsSync(bundleFile) && stamp === await inputDigest()) {
    return { path, built: false };
  }
  await buildHoldfast();
  return { path, built: true };
}

function stampFile(): string {
  return join(distFolder, ".inputs");
}

/** Whatever changes the executable: sources, pinned modules, the build itself, Deno's version. */
async function inputDigest(): Promise<string> {
  const hash = createHash("sha256").update(Deno.version.deno);
  hash.update(Deno.env.get("DENORT_BIN") ?? "");
  const files = [
    ...filesBelow(join(projectRoot, "src")),
    ...filesBelow(join(projectRoot, "scripts", "build")),
    join(projectRoot, "deno.json"),
    join(projectRoot, "deno.lock"),
  ];
  for (const file of files) {
    hash.update(`\0${file}\0`);
    if (existsSync(file)) hash.update(await readFile(file));
  }
  return hash.digest("hex");
}
