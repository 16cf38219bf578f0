import assert from "node:assert/strict";
import { SCENARIOS } from "./cost_scenarios.ts";

const GOLDEN = new URL("golden/cost_scenarios.txt", import.meta.url);

interface Bill {
  readonly name: string;
  /** The arithmetic of each line, and what it is said to be. */
  readonly lines: readonly (readonly [arithmetic: string, usd: number])[];
  readonly usd: number;
}

function readBills(text: string): Bill[] {
  const blocks = text.split("\n").filter((line) => !line.startsWith("#")).join("\n").split(/\n\n+/);
  return blocks.map((block) => block.trim().split("\n")).filter(([name]) => name !== "")
    .map(([name, ...rest]) => ({
      name,
      lines: rest.slice(0, -1).map((line) => {
        const [, arithmetic, usd] = /^ {2}([0-9.×÷ ]+) = ([0-9.]+)(?: |$)/.exec(line)!;
        return [arithmetic, Number(usd)] as const;
      }),
      usd: Number(/^= ([0-9.]+)$/.exec(rest.at(-1)!)![1]),
    }));
}

/** Products and quotients from the left. */
function calculated(arithmetic: string): number {
  const [first, ...rest] = arithmetic.split(" ");
  let value = Number(first);
  for (let i = 0; i < rest.length; i += 2) {
    value = rest[i] === "×" ? value * Number(rest[i + 1]) : value / Number(rest[i + 1]);
  }
  return value;
}

function isNear(a: number, b: number, share: number): boolean {
  return Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b));
}

const BILLS = readBills(Deno.readTextFileSync(GOLDEN));

Deno.test("the arithmetic of the bills by hand is right", () => {
  for (const { name, lines, usd } of BILLS) {
    for (const [arithmetic, said] of lines) {
      assert.ok(isNear(calculated(arithmetic), said, 1e-5), `${name}: ${arithmetic} = ${said}`);
    }
    assert.ok(isNear(lines.reduce((sum, [, said]) => sum + said, 0), usd, 1e-5), name);
  }
});

Deno.test("twenty scenarios cost what the bills by hand say, within 1 %", () => {
  assert.equal(BILLS.length, 20);
  assert.deepEqual(BILLS.map(({ name }) => name).sort(), Object.keys(SCENARIOS).sort());
  for (const { name, usd } of BILLS) {
    const { total, lines } = SCENARIOS[name]();
    assert.deepEqual(total.unknown, [], name);
    assert.ok(isNear(total.usd, usd, 0.01), `${name}: ${total.usd}, by hand ${usd}`);
    assert.ok(isNear(lines.reduce((sum, line) => sum + line.usd!, 0), usd, 0.01), name);
  }
});
