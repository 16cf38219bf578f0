import assert from "node:assert/strict";
import { blocksUnder, codeBlocks, localLinks } from "./markdown.ts";

Deno.test("code blocks are found with their info and line", () => {
  const page = "# a\n```sh run\necho hi\n```\ntext\n```\nplain\n\nmore\n```\n";
  assert.deepEqual(codeBlocks(page), [
    { info: "sh run", line: 2, code: "echo hi" },
    { info: "", line: 6, code: "plain\n\nmore" },
  ]);
});

Deno.test("local links are found, those in code and those to other hosts are not", () => {
  const page = "[a](a.md#x) [b](https://example.com) `[c](c.md)` [d](#here)\n```\n[e](e.md)\n```\n";
  assert.deepEqual(localLinks(page), ["a.md"]);
});

Deno.test("the blocks under a heading end at the next one", () => {
  const page = "## a\n```\none\n```\n### b\ntext\n```sh\n# c\n```\n## d\n```\nthree\n```\n";
  assert.deepEqual(blocksUnder(page, "b"), [{ info: "sh", line: 7, code: "# c" }]);
  assert.deepEqual(blocksUnder(page, "d").map(({ code }) => code), ["three"]);
  assert.throws(() => blocksUnder(page, "e"), /no heading e/);
});
