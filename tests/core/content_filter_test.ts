import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { contentFilter } from "../../src/core/pack/content_filter.ts";

const hashOf = (text: string) => new Uint8Array(createHash("sha256").update(text).digest());

Deno.test("a filter never denies a content that was added, also beyond what was expected", () => {
  const filter = contentFilter(100);
  for (let i = 0; i < 5_000; i++) filter.add(hashOf(`there ${i}`));
  for (let i = 0; i < 5_000; i++) assert.ok(filter.mayHave(hashOf(`there ${i}`)));
});

Deno.test("of contents that were not added a filter lets through one in a hundred at most", () => {
  const filter = contentFilter(10_000);
  for (let i = 0; i < 10_000; i++) filter.add(hashOf(`there ${i}`));
  let wrong = 0;
  for (let i = 0; i < 10_000; i++) if (filter.mayHave(hashOf(`not there ${i}`))) wrong++;
  assert.ok(wrong < 100, `${wrong} of 10000`);
});

Deno.test("an empty filter denies everything, whatever number was expected", () => {
  for (const expected of [0, 1, 1e12]) {
    assert.equal(contentFilter(expected).mayHave(hashOf("anything")), false);
  }
});
