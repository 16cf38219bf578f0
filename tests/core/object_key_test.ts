import assert from "node:assert/strict";
import fc from "fast-check";
import { keyOfPath, pathOfKey } from "../../src/core/mirror/object_key.ts";
import { bytesOfText, joinPath } from "../../src/core/path_text.ts";
import { anyPath, realName } from "./any_name.ts";
import { assertGolden } from "./golden.ts";

const RUNS = { numRuns: 5000 };
const source = fc.constantFrom("", "docs", ".holdfast", "a%20b");

Deno.test("each key has one path: it comes back, with its source's name in front", () => {
  fc.assert(
    fc.property(source, anyPath, fc.boolean(), (source, path, isFolder) => {
      assert.equal(pathOfKey(keyOfPath(source, path, isFolder)), joinPath(source, path));
    }),
    RUNS,
  );
});

Deno.test("different paths, or a folder and a file of one name, have different keys", () => {
  fc.assert(
    fc.property(anyPath, anyPath, fc.boolean(), fc.boolean(), (a, b, x, y) => {
      assert.equal(keyOfPath("", a, x) === keyOfPath("", b, y), a === b && x === y);
    }),
    RUNS,
  );
});

Deno.test("a key has no empty segment, no dots, nothing that XML or UTF-8 cannot hold", () => {
  fc.assert(
    fc.property(source, anyPath, fc.boolean(), (source, path, isFolder) => {
      const key = keyOfPath(source, path, isFolder);
      const segments = (isFolder ? key.slice(0, -1) : key).split("/");
      for (const segment of segments) assert.ok(!["", ".", ".."].includes(segment), key);
      assert.notEqual(segments[0], ".holdfast");
      // deno-lint-ignore no-control-regex -- control characters are what must not be there
      assert.doesNotMatch(key, /[\x00-\x1f\x7f\ufffe\uffff]|\p{Surrogate}/u);
      const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      assert.equal(strict.decode(bytesOfText(key)), key);
    }),
    RUNS,
  );
});

Deno.test("names without anything special are their own keys", () => {
  const plain = realName.filter((name) => /^[\w +~()'!*&$@=;:,?-]+$/.test(name));
  fc.assert(fc.property(plain, (name) => assert.equal(keyOfPath("", name, false), name)));
});

Deno.test("examples of keys are as written down", () => {
  const examples: [source: string, path: string, isFolder: boolean][] = [
    ["", "a", false],
    ["", "a", true],
    ["", "a/b/c d.txt", false],
    ["docs", "a/b", false],
    ["", "\u00e9", false],
    ["", "e\u0301", false],
    ["", "100%", false],
    ["", "100%25", false],
    ["", "%2e", false],
    ["", "%zz", false],
    ["", "%\u0001", false],
    ["", ".", false],
    ["", "a/../b", false],
    ["", "...", false],
    ["", ".hidden", false],
    ["", ".holdfast", true],
    ["", ".holdfast/repository.json", false],
    ["", "a/.holdfast", true],
    ["docs", ".holdfast", true],
    [".holdfast", "a", false],
    ["", ".holdfast2", false],
    ["", "new\nline", false],
    ["", "tab\tdel\u007f", false],
    ["", "\udcff\udcfe", false],
    ["", "\ufffe\uffff", false],
    ["", "\ufffd", false],
    ["", "\u{1f600}", false],
    ["", "\\", false],
    ["", " lead and trail ", false],
    ["", "trailing dot.", false],
    ["", "-f", false],
  ];
  const lines = examples.map(([source, path, isFolder]) =>
    `${JSON.stringify(source)} ${JSON.stringify(path)} ${isFolder ? "folder" : "entry"} -> ${
      JSON.stringify(keyOfPath(source, path, isFolder))
    }`
  );
  assertGolden("object_keys.txt", lines.join("\n") + "\n");
});
