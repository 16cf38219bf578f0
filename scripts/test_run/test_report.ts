import { stripVTControlCharacters } from "node:util";

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts of a `deno test` run, read from its last line of the form
 * `ok | 3 passed (2 steps) | 0 failed | 1 ignored (5ms)`; null where it did not get that far.
 * Steps are part of their test. A file that could not be loaded counts as one failed test.
 */
export function countsOf(output: string): TestCounts | null {
  const lines = stripVTControlCharacters(output).split("\n").map((line) => line.trim());
  const summary = lines.findLast((line) => /^(ok|FAILED) \| \d+ passed/.test(line));
  if (summary === undefined) return null;
  const count = (word: string) => Number(new RegExp(`\\| (\\d+) ${word}`).exec(summary)?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
}

/** The line that ends every test run. */
export function countsLine(counts: TestCounts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

export interface TestTime {
  readonly name: string;
  readonly file: string;
  readonly seconds: number;
}

/** The slowest tests of a JUnit report as `deno test --junit-path` writes it, slowest first. */
export function slowest(junit: string, count: number): TestTime[] {
  const times: TestTime[] = [];
  for (const [, attributes] of junit.matchAll(/<testcase ([^>]*)>/g)) {
    const name = attribute(attributes, "name");
    if (name.includes(" > ")) continue; // a step, whose time is in its test's
    times.push({
      name,
      file: attribute(attributes, "classname"),
      seconds: Number(attribute(attributes, "time")),
    });
  }
  return times.sort((a, b) => b.seconds - a.seconds).slice(0, count);
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
