import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { mustRun } from "../command.ts";
import { filesBelow } from "../files_below.ts";
import { projectRoot } from "../project_root.ts";

/**
 * Bundles `entry` with all its npm modules into minified files in `folder`; returns the first one.
 *
 * Code splitting keeps a dynamic import in a file of its own, which is read only when it is reached:
 * without it the store adapters and the AWS SDK would be part of every start.
 */
export async function bundle(entry: string, folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  const options = ["--quiet", "--minify", "--platform", "deno", "--code-splitting"];
  await mustRun([Deno.execPath(), "bundle", ...options, "--outdir", folder, entry], {
    cwd: projectRoot,
    env: { NO_COLOR: "1" },
  });
  for (const file of filesBelow(folder)) await giveRequire(file);
  return join(folder, basename(entry).replace(/\.ts$/, ".js"));
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
