import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "smol-toml";
import { tomlLines } from "../../src/cli/toml_lines.ts";

const text = `# a comment = 1
[job.photos] # more
sources = [
  "/a", # [not = this]
  { path = "/b", name = "b]", exclude = ["x",
    "y"] },
]
"quoted key" = """
x = 1
[no.header]"""
dotted.part = 1

[[job.other.sources]]
path = '/c'
[[job.other.sources]]
path = '/d'
`;

Deno.test("each key and element has the line it stands on", () => {
  parse(text);
  const lineOf = tomlLines(text);
  assert.equal(lineOf(["job", "photos"]), 2);
  assert.equal(lineOf(["job", "photos", "sources"]), 3);
  assert.equal(lineOf(["job", "photos", "sources", 0]), 4);
  assert.equal(lineOf(["job", "photos", "sources", 1, "name"]), 5);
  assert.equal(lineOf(["job", "photos", "sources", 1, "exclude", 1]), 6);
  assert.equal(lineOf(["job", "photos", "quoted key"]), 8);
  assert.equal(lineOf(["job", "photos", "dotted", "part"]), 11);
  assert.equal(lineOf(["job", "other", "sources", 1, "path"]), 16);
});

Deno.test("a path that is not in the text has the line of what holds it", () => {
  const lineOf = tomlLines(text);
  assert.equal(lineOf(["job", "photos", "repository"]), 2);
  assert.equal(lineOf(["nothing"]), 1);
});

Deno.test("whatever parses as TOML is read to its end", () => {
  const key = fc.constantFrom("a", "b-1", '"c d"', "'e'", "f.g", 'h."i\\"j"');
  const leaf = fc.constantFrom("1", "true", '"]#"', "'''x\n[y]\n'''", '"""a"""', "1979-05-27");
  const array = fc.array(leaf).map((items) => `[${items.join(",\n")}]`);
  const inline = fc.array(leaf).map((v) => `{${v.map((x, i) => `k${i} = ${x}`).join(", ")}}`);
  const pair = fc.tuple(key, fc.oneof(leaf, array, inline)).map(([k, v]) => `${k} = ${v}`);
  const document = fc.array(pair, { maxLength: 5 }).map((pairs) =>
    `${pairs.join("\n")}\nlast = 1\n`
  );
  fc.assert(fc.property(document, (toml) => {
    try {
      parse(toml);
    } catch {
      fc.pre(false);
    }
    assert.equal(tomlLines(toml)(["last"]), toml.split("\n").length - 1);
  }));
});
