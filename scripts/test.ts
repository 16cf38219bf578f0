/**
 * `deno task test [--fast | --in-process] [NAME…]`: everything the tests need, then the tests.
 *
 * NAME keeps the files whose path contains it. `--fast` leaves out tests/e2e and *_slow_test.ts, and
 * neither builds nor installs anything. `--in-process` leaves out tests/e2e alone: these run the
 * executable, so that another runtime that runs them shows nothing more. The last line is `N passed, N failed, N skipped`.
 */
import { parseArgs } from "node:util";
import { ensureHoldfast } from "./build/holdfast_executable.ts";
import { denoTest } from "./test_run/deno_test.ts";
import { testFiles } from "./test_run/test_files.ts";
import { countsLine } from "./test_run/test_report.ts";
import { ensureDuckdb, ensureMoto, ensureVersitygw } from "./test_tools.ts";

const tools = [
  ["versitygw", ensureVersitygw],
  ["moto", ensureMoto],
  ["duckdb", ensureDuckdb],
] as const;

const { values, positionals: names } = parseArgs({
  args: Deno.args,
  options: {
    fast: { type: "boolean", default: false },
    "in-process": { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const files = testFiles({ fast: values.fast, inProcess: values["in-process"], names });
if (files.length === 0) {
  console.error(`no test file fits ${names.join(", ")}`);
  Deno.exit(2);
}

if (!values.fast) await prepare();

const { counts, slowest, code } = await denoTest(files);
console.log("slowest:");
for (const test of slowest) {
  console.log(`  ${test.seconds.toFixed(2).padStart(7)} s  ${test.name}  (${test.file})`);
}
console.log(countsLine(counts));
Deno.exit(code === 0 && counts.failed === 0 ? 0 : 1);

async function prepare(): Promise<void> {
  const { path, built } = await ensureHoldfast();
  console.log(built ? `built ${path}` : `${path} is up to date`);
  for (const [name, ensure] of tools) {
    try {
      await ensure();
    } catch (error) {
      // The tests that need it say so themselves: skipped for a person, failed where CI=true.
      console.error(`could not install ${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}
