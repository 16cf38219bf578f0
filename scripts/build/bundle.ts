import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { mustRun } from "../command.ts";
import { filesBelow } from "../files_below.ts";
import { projectRoot } from "../project_root.ts";

/**
 * Bundles the entries with all their npm modules into minified files in `folder`, as they lie below
 * the first one's folder; returns those of the entries.
 *
 * Code splitting keeps a dynamic import in a file of its own, which is read only when it is reached:
 * without it the store adapters and the AWS SDK would be part of every start.
 */
export async function bundle(entries: readonly string[], folder: string): Promise<string[]> {
  await rm(folder, { recursive: true, force: true });
  const options = ["--quiet", "--minify", "--platform", "deno", "--code-splitting"];
  await mustRun([Deno.execPath(), "bundle", ...options, "--outdir", folder, ...entries], {
    cwd: projectRoot,
    env: { NO_COLOR: "1" },
  });
  for (const file of filesBelow(folder)) await giveRequire(file);
  const root = dirname(entries[0]);
  return entries.map((entry) => join(folder, relative(root, entry).replace(/\.ts$/, ".js")));
}

const requireShim = "Dynamic require of";
const requireBanner =
  `import{createRequire as holdfastRequire}from"node:module";const require=holdfastRequire(import.meta.url);\n`;

/**
 * CommonJS modules that call `require("node:…")` end up in a file with esbuild's stand-in for it,
 * which throws unless `require` exists. Deno 2.6 leaves it at that.
 */
async function giveRequire(file: string): Promise<void> {
  const code = await readFile(file, "utf8");
  if (code.includes(requireShim)) await writeFile(file, requireBanner + code);
}
