import assert from "node:assert/strict";
import { lifecycleDangers, type LifecycleRule } from "../../src/core/lifecycle_danger.ts";

const rule = (change: Partial<LifecycleRule>): LifecycleRule => ({
  ...{ id: "r", enabled: true, prefix: "", tagged: false, expires: false, transitions: [] },
  ...change,
});

const cases: [string, Partial<LifecycleRule>, RegExp | null][] = [
  ["a rule for the whole bucket that archives", { transitions: ["GLACIER"] }, /to GLACIER/],
  ["one for the repository that expires", { prefix: "p/", expires: true }, /expires objects/],
  ["one for a folder of the mirror that expires", { prefix: "p/docs/", expires: true }, /expires/],
  [
    "one that archives a folder of the mirror",
    { prefix: "p/docs/", transitions: ["GLACIER"] },
    null,
  ],
  [
    "one that archives stored content",
    { prefix: "p/.holdfast/content/", transitions: ["GLACIER"] },
    null,
  ],
  [
    "one that archives the log",
    { prefix: "p/.holdfast/log/", transitions: ["GLACIER"] },
    /GLACIER/,
  ],
  ["one for another prefix", { prefix: "q/", expires: true, transitions: ["GLACIER"] }, null],
  ["one that is off", { enabled: false, expires: true }, null],
  ["one for tagged objects", { tagged: true, expires: true }, null],
];

for (const [what, change, expected] of cases) {
  Deno.test(`lifecycle: ${what} is ${expected === null ? "no danger" : "a danger"}`, () => {
    const dangers = lifecycleDangers([rule(change)], "p/");
    if (expected === null) assert.deepEqual(dangers, []);
    else assert.match(dangers.join(), expected);
  });
}
