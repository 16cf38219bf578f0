import { join } from "node:path";
import { rm } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { projectRoot } from "../project_root.ts";
import { countsOf, slowest, type TestCounts, type TestTime } from "./test_report.ts";

export interface TestOutcome {
  readonly counts: TestCounts;
  readonly slowest: readonly TestTime[];
  /** The exit code of `deno test`. */
  readonly code: number;
}

/**
 * Runs `deno test` on these files with this very Deno, showing its output as it comes.
 * Two files at a time: the tests start servers and executables of their own.
 */
export async function denoTest(files: string[], extra: string[] = []): Promise<TestOutcome> {
  const scratch = await Deno.makeTempDir({ prefix: "holdfast-test-run-" });
  const junit = join(scratch, "junit.xml");
  try {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["test", "--allow-all", "--parallel", `--junit-path=${junit}`, ...extra, ...files],
      cwd: projectRoot,
      env: { DENO_JOBS: "2" },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = await show(child.stdout);
    const { code } = await child.status;
    const counts = countsOf(output) ?? { passed: 0, failed: 1, skipped: 0 };
    const times = existsSync(junit) ? slowest(readFileSync(junit, "utf8"), 10) : [];
    return { counts: blame(counts, code), slowest: times, code };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A run that failed without a failed test (a leak, a crash at its end) is a failure all the same. */
function blame(counts: TestCounts, code: number): TestCounts {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

async function show(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
