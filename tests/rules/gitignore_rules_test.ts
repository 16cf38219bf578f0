import assert from "node:assert/strict";
import fc from "fast-check";
import { textOfBytes } from "../../src/core/path_text.ts";
import { gitignoreRules } from "../../src/rules/gitignore_rules.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const rules = (exclude: string[], include: string[] = []) =>
  gitignoreRules({ exclude, include, ignoreFile: ".holdfastignore" });

Deno.test("no patterns, or only exceptions, exclude nothing and say so", () => {
  assert.equal(rules([]).empty, true);
  assert.equal(rules([], ["keep"]).empty, true);
  assert.equal(rules(["", "# a comment"]).empty, true);
  assert.equal(rules(["a"]).empty, false);
});

Deno.test("an include is an exception to every exclude, whatever their order", () => {
  const mixed = rules(["*.log", "!a.log", "a.log"], ["keep.log"]);
  assert.equal(mixed.excludes("keep.log", false), false);
  assert.equal(mixed.excludes("a.log", false), true);
  assert.equal(mixed.excludes("sub/keep.log", false), false);
});

Deno.test("nothing is taken back in below an excluded folder", () => {
  const below = rules(["cache/"], ["cache/keep"]);
  assert.equal(below.excludes("cache", true), true);
  assert.equal(below.excludes("cache/keep", false), true);
  const inside = rules(["cache/*"], ["cache/keep"]);
  assert.equal(inside.excludes("cache/keep", false), false);
  assert.equal(inside.excludes("cache/other", false), true);
});

Deno.test("a pattern for folders leaves a file of that name alone", () => {
  assert.equal(rules(["out/"]).excludes("out", false), false);
  assert.equal(rules(["out/"]).excludes("out", true), true);
});

Deno.test("case counts", () => {
  assert.equal(rules(["A"]).excludes("a", false), false);
});

Deno.test("an ignore file overrides the config, and a deeper one a higher one", () => {
  const root = rules(["*.tmp"]).withIgnoreFile("", encode("!keep.tmp\n"));
  assert.equal(root.excludes("keep.tmp", false), false);
  const deeper = root.withIgnoreFile("sub dir*", encode("keep.tmp\n/only\n"));
  assert.equal(deeper.excludes("sub dir*/keep.tmp", false), true);
  assert.equal(deeper.excludes("sub dir*/x/keep.tmp", false), true);
  assert.equal(deeper.excludes("sub dir*/x/only", false), false);
  assert.equal(deeper.excludes("keep.tmp", false), false);
  assert.equal(root.excludes("sub dir*/keep.tmp", false), false);
});

Deno.test("equal identities for rules that decide alike, others for rules that do not", () => {
  const base = rules(["a"]);
  assert.equal(base.withIgnoreFile("x", encode("# only a comment\n\n")), base);
  assert.equal(
    base.withIgnoreFile("x", encode("b\n# c")).identity,
    base.withIgnoreFile("x", encode("b  \r\n")).identity,
  );
  assert.notEqual(
    base.withIgnoreFile("x", encode("b")).identity,
    base.withIgnoreFile("y", encode("b")).identity,
  );
  assert.notEqual(rules(["a", "b"]).identity, rules(["a\nb"]).identity);
});

Deno.test("a byte order mark and CRLF in an ignore file are no part of its patterns", () => {
  const file = rules([]).withIgnoreFile("", encode("\ufeffa\r\nb\r\n"));
  assert.equal(file.excludes("a", false), true);
  assert.equal(file.excludes("b", false), true);
});

Deno.test("names that are not UTF-8 match byte by byte", () => {
  const name = textOfBytes(Uint8Array.of(0x61, 0xff, 0x62));
  assert.equal(rules(["a?b"]).excludes(name, false), true);
  assert.equal(rules(["*b"]).excludes(`x/${name}`, false), true);
  assert.equal(rules([name]).excludes(name, false), true);
  assert.equal(
    rules([]).withIgnoreFile("", Uint8Array.of(0x61, 0xff, 0x62)).excludes(name, false),
    true,
  );
  assert.equal(rules(["é"]).excludes("é", false), true);
  assert.equal(rules(["?"]).excludes("é", false), false);
  assert.equal(rules(["??"]).excludes("é", false), true);
});

Deno.test("no pattern and no name makes the rules fail", () => {
  const unit = fc.integer({ min: 1, max: 255 });
  const bytes = fc.array(unit, { maxLength: 12 }).map((units) => Uint8Array.from(units));
  fc.assert(
    fc.property(bytes, bytes, bytes, (pattern, file, name) => {
      const path = textOfBytes(name.map((byte) => byte === 0x2f ? 0x61 : byte));
      const both = rules([textOfBytes(pattern)]).withIgnoreFile("d", file);
      assert.equal(typeof both.excludes(path, false), "boolean");
      assert.equal(typeof both.excludes(`d/${path}`, true), "boolean");
    }),
    { numRuns: 2000 },
  );
});
