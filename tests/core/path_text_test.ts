import assert from "node:assert/strict";
import fc from "fast-check";
import {
  base64,
  bytesOfBase64,
  bytesOfText,
  compareBytes,
  compareText,
  displayPath,
  hasRawBytes,
  joinPath,
  jsonOfText,
  splitPath,
  textOfBytes,
  textOfJson,
} from "../../src/core/path_text.ts";
import { anyName, anyNameBytes, anyPath } from "./any_name.ts";

const RUNS = { numRuns: 2000 };

Deno.test("any bytes come back from their text, and from its JSON", () => {
  fc.assert(
    fc.property(fc.oneof(anyNameBytes, fc.uint8Array()), (bytes) => {
      const text = textOfBytes(bytes);
      assert.deepEqual([...bytesOfText(text)], [...bytes]);
      assert.equal(textOfJson(JSON.parse(JSON.stringify(jsonOfText(text)))), text);
    }),
    RUNS,
  );
});

Deno.test("texts are equal exactly where their bytes are", () => {
  fc.assert(
    fc.property(anyNameBytes, anyNameBytes, (a, b) => {
      assert.equal(textOfBytes(a) === textOfBytes(b), compareBytes(a, b) === 0);
    }),
    RUNS,
  );
});

Deno.test("texts are ordered as their bytes", () => {
  fc.assert(
    fc.property(anyNameBytes, anyNameBytes, (a, b) => {
      const expected = Math.sign(compareBytes(a, b));
      assert.equal(Math.sign(compareText(textOfBytes(a), textOfBytes(b))), expected);
    }),
    RUNS,
  );
  // In UTF-16 the emoji comes before the private use area, in bytes behind it.
  assert.ok(compareText("\ue000", "\u{1f600}") < 0);
  assert.ok(compareText("\udcff", "\u{10ffff}") > 0);
  assert.ok(compareText("a", "a\u0301") < 0);
  assert.equal(compareText("\u{1f600}", "\u{1f600}"), 0);
});

Deno.test("only what is not UTF-8 is written as base64", () => {
  const json = (bytes: number[]) => jsonOfText(textOfBytes(Uint8Array.from(bytes)));
  assert.equal(json([0x61, 0xc3, 0xa9]), "a\u00e9");
  assert.equal(json([0xef, 0xbb, 0xbf, 0x61]), "\ufeffa", "a byte order mark is part of the name");
  assert.equal(json([0xf0, 0x9f, 0x98, 0x80]), "\u{1f600}");
  assert.deepEqual(json([0xff]), { b64: "/w==" });
  assert.deepEqual(json([0xc0, 0x80]), { b64: "wIA=" }, "overlong");
  assert.deepEqual(json([0xed, 0xa0, 0x80]), { b64: "7aCA" }, "a surrogate in UTF-8");
  assert.deepEqual(json([0xf4, 0x90, 0x80, 0x80]), { b64: "9JCAgA==" }, "beyond U+10FFFF");
  assert.deepEqual(json([0x61, 0xe2, 0x82]), { b64: "YeKC" }, "cut off");
  assert.equal(hasRawBytes("\u{1f600}"), false);
});

Deno.test("joining and splitting are inverse", () => {
  fc.assert(fc.property(anyPath, anyName, (folder, name) => {
    assert.deepEqual(splitPath(joinPath(folder, name)), { folder, name });
    assert.deepEqual(splitPath(joinPath("", name)), { folder: "", name });
  }));
});

Deno.test("base64 of large content comes back", () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, i) => i * 7);
  assert.deepEqual(bytesOfBase64(base64(bytes)), bytes);
});

Deno.test("what a terminal is shown holds no control characters and tells names apart", () => {
  fc.assert(
    fc.property(anyPath, anyPath, (a, b) => {
      // deno-lint-ignore no-control-regex -- control characters are what must not be there
      assert.doesNotMatch(displayPath(a), /[\x00-\x1f\x7f]|\p{Surrogate}/u);
      assert.equal(displayPath(a) === displayPath(b), a === b);
    }),
    RUNS,
  );
});
