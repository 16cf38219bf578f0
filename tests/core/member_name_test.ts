import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOfText, textOfBytes } from "../../src/core/path_text.ts";
import { memberName, pathOfMember } from "../../src/core/pack/member_name.ts";
import { anyName } from "./any_name.ts";
import { seed } from "../seed.ts";

fc.configureGlobal({ seed });

/** Segments near those that are escaped. */
const segment = fc.oneof(
  anyName,
  fc.array(
    fc.constantFrom(".holdfast", "-chunks", ".holdfast-chunks", "~", "~~", "a", ".", ".h"),
    { minLength: 1, maxLength: 5 },
  ).map((parts) => parts.join("")),
);
const anyPath = fc.tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([names, isFolder]) => names.join("/") + (isFolder ? "/" : ""));
const RUNS = { numRuns: 20_000 };

function nameOf(path: string): string {
  return textOfBytes(memberName(bytesOfText(path)));
}

function pathOf(name: string): string {
  return textOfBytes(pathOfMember(bytesOfText(name)));
}

Deno.test("each path comes back from its name", () => {
  fc.assert(fc.property(anyPath, (path) => assert.equal(pathOf(nameOf(path)), path)), RUNS);
});

Deno.test("no name is in Holdfast's own folder, or that of a list of chunks", () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      assert.doesNotMatch(nameOf(path), /^\.holdfast($|\/)|\.holdfast-chunks($|\/)/);
    }),
    RUNS,
  );
});

Deno.test("an entry's name begins with the name of its folder", () => {
  fc.assert(
    fc.property(anyPath, segment, (path, name) => {
      const folder = path.endsWith("/") ? path : `${path}/`;
      assert.ok(nameOf(folder + name).startsWith(nameOf(folder)));
    }),
    RUNS,
  );
});

Deno.test("Holdfast's own names are no path's, and stay as they are", () => {
  for (const name of [".holdfast/chunks/0f", "a.holdfast-chunks", ".holdfast-chunks"]) {
    assert.equal(pathOf(name), name);
    assert.notEqual(nameOf(name), name);
  }
});

Deno.test("examples of names are as written down", () => {
  const examples: [path: string, name: string][] = [
    ["a/b", "a/b"],
    [".holdfast", ".holdfast~"],
    [".holdfast/", ".holdfast~/"],
    [".holdfast/log/x", ".holdfast~/log/x"],
    [".holdfast~", ".holdfast~~"],
    [".holdfast~~/a", ".holdfast~~~/a"],
    [".holdfast~a", ".holdfast~a"],
    [".holdfast2", ".holdfast2"],
    ["a/.holdfast", "a/.holdfast"],
    ["a.holdfast-chunks", "a.holdfast-chunks~"],
    ["a.holdfast-chunks~", "a.holdfast-chunks~~"],
    ["a/b.holdfast-chunks/c", "a/b.holdfast-chunks~/c"],
    [".holdfast-chunks/", ".holdfast-chunks~/"],
    [".holdfast/x.holdfast-chunks", ".holdfast~/x.holdfast-chunks~"],
    ["a.holdfast-chunks2", "a.holdfast-chunks2"],
    ["a.holdfast-chunks.holdfast-chunks", "a.holdfast-chunks.holdfast-chunks~"],
  ];
  for (const [path, name] of examples) assert.equal(nameOf(path), name);
});
