import assert from "node:assert/strict";
import { keyBefore } from "../../src/core/mirror/key_before.ts";
import { bytesOfText, compareBytes } from "../../src/core/path_text.ts";

const MOST = 1024;

function isBefore(a: string, b: string): boolean {
  return compareBytes(bytesOfText(a), bytesOfText(b)) < 0;
}

Deno.test("a list begins before the key, behind all that is not next to it", () => {
  for (
    const [key, neighbour] of [
      ["d/b", "d/azzz"],
      ["d/b", "d/aあ"],
      ["d/日本", "d/日木"],
      ["d/🎉", "d/🎈 and more"],
      ["🎉", "z"],
      ["d/\u{E000}", "d/\uD7FF"],
      ["d/\u{10000}", "d/\uFFFD"],
    ]
  ) {
    const start = keyBefore(key, MOST);
    assert(start.isWellFormed(), key);
    encodeURIComponent(start);
    assert(isBefore(start, key), `${start} before ${key}`);
    assert(isBefore(neighbour, start), `${neighbour} before ${start}`);
  }
});

Deno.test("before the first characters, and where the text would be too long, what is above begins", () => {
  assert.equal(keyBefore("d/ a ", MOST), "d/ a");
  assert.equal(keyBefore("!", MOST), "");
  assert.equal(keyBefore("", MOST), "");
  const long = "a".repeat(MOST);
  assert.equal(keyBefore(long, MOST), "a".repeat(MOST - 1));
  assert(isBefore(keyBefore(long, MOST), long));
});
