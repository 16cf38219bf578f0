/** `deno task coverage`: runs all tests with coverage, prints the table, keeps coverage/lcov.info. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureHoldfast } from "./build/holdfast_executable.ts";
import { mustRun } from "./command.ts";
import { projectRoot } from "./project_root.ts";
import { denoTest } from "./test_run/deno_test.ts";
import { testFiles } from "./test_run/test_files.ts";
import { countsLine } from "./test_run/test_report.ts";

const folder = join(projectRoot, "coverage");
await rm(folder, { recursive: true, force: true });
await ensureHoldfast();
const { counts, code } = await denoTest(testFiles({ fast: false, inProcess: false, names: [] }), [
  `--coverage=${folder}`,
  "--coverage-raw-data-only",
]);
const report = [Deno.execPath(), "coverage", "--include=/src/", folder];
await mustRun([...report, "--lcov", `--output=${join(folder, "lcov.info")}`]);
console.log(await mustRun(report));
console.log(countsLine(counts));
Deno.exit(code);
