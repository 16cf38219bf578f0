/** Mistakes in the config and the arguments: exit code 2, the place, and a way out. */
import assert from "node:assert/strict";
import { holdfast, mustEnd, recordsOf } from "./holdfast.ts";
import { editConfig, folderJob, makeSmallTree, withPlace } from "./place.ts";

const mistakes: [what: string, from: string | RegExp, to: string, said: RegExp][] = [
  [
    "an unknown key",
    "[job.e2e]",
    '[job.e2e]\nstorage_clas = "STANDARD"',
    /holdfast\.toml:2: job\.e2e\.storage_clas.*\n.*did you mean.*storage_class/,
  ],
  [
    "a value of the wrong type",
    "[job.e2e]",
    "[job.e2e]\nupload_workers = true",
    /holdfast\.toml:2: job\.e2e\.upload_workers: expected a whole number from 1 to 64/,
  ],
  [
    "a size that is too small",
    "[job.e2e]",
    '[job.e2e]\n\npart_size = "1 KiB"',
    /holdfast\.toml:3: job\.e2e\.part_size: expected a size from 5 MiB to 5 GiB/,
  ],
  ["no TOML", "[job.e2e]", "[job.e2e", /holdfast\.toml:1: not TOML/],
  [
    "a repository that is no URL",
    /file:\/\//,
    "",
    /holdfast\.toml:\d: job\.e2e\.repository: .*has no scheme\n.*hint: write file:\/\/\//,
  ],
  ["no repository", /repository = .*/, "", /holdfast\.toml:1: job\.e2e: repository is missing/],
  ["no job", /[^]*/, "# nothing\n", /holdfast\.toml has no job\n.*hint: .*holdfast init/],
];

for (const [what, from, to, said] of mistakes) {
  Deno.test(`${what} in the config is told with its line, and nothing is done`, () =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const place = await folderJob(empty);
      editConfig(place, from, to);
      const ended = await holdfast(place, ["backup"]);
      assert.equal(ended.code, 2, ended.said);
      assert.match(ended.stderr, said);
    }));
}

Deno.test("several mistakes are told in one go, each with its line", () =>
  withPlace(async (empty) => {
    const place = await folderJob(empty);
    editConfig(place, "[job.e2e]", "[job.e2e]\ntrust_mtime = 1\nmax_delet = 5\n[job.e2e.x]\ny = 1");
    const ended = await holdfast(place, ["--json", "backup"]);
    assert.equal(ended.code, 2, ended.said);
    const error = recordsOf(ended).at(-1)!;
    assert.equal(error.kind, "usage");
    assert.equal(error.exit, 2);
    assert.match(ended.stderr, /holdfast\.toml:2.*true or false/);
    assert.match(ended.stderr, /holdfast\.toml:3.*max_delete/);
  }));

Deno.test("unknown commands and options are refused with a suggestion", () =>
  withPlace(async (place) => {
    const command = await holdfast(place, ["bakup"]);
    assert.equal(command.code, 2, command.said);
    assert.match(command.stderr, /backup/);
    const option = await holdfast(place, ["backup", "--accept-deletion"]);
    assert.equal(option.code, 2, option.said);
    assert.match(option.stderr, /--accept-deletions/);
    const job = await holdfast(place, ["backup"]);
    assert.equal(job.code, 2, job.said);
    assert.match(job.stderr, /no config at .*holdfast\.toml\nhint: make one with holdfast init/);
  }));

Deno.test("a source that is not there is a mistake, not a loss, before its first backup", () =>
  withPlace(async (empty) => {
    const place = await folderJob(empty, { sources: [`${empty.folder}/nowhere`] });
    const ended = await holdfast(place, ["backup"]);
    assert.equal(ended.code, 2, ended.said);
    assert.match(ended.stderr, /cannot open the source .*nowhere/);
    Deno.mkdirSync(`${empty.folder}/nowhere`);
    await mustEnd(0, place, ["backup"]);
  }));
