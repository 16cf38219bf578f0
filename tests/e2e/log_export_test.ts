/** `log export`, read by DuckDB with the queries of docs/audit.md. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../scripts/project_root.ts";
import { mustRun } from "../../scripts/command.ts";
import { ensureDuckdb } from "../../scripts/test_tools.ts";
import { codeBlocks } from "../docs/markdown.ts";
import { shell } from "../sources/tree_tools.ts";
import { holdfast, mustEnd, type Place } from "./holdfast.ts";
import { folderJob, makeSmallTree, settle, withPlace } from "./place.ts";

const python = await ensureDuckdb();

const PROGRAM = `
import duckdb, json, sys
for query in sys.argv[1:]:
    print(json.dumps(duckdb.execute(query).fetchall(), default=str))
`;

type Row = (string | number | null)[];

/** The rows of each query. */
async function answers(folder: string, queries: readonly string[]): Promise<Row[][]> {
  const stdout = await mustRun([python!, "-c", PROGRAM, ...queries], { cwd: folder });
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

function queriesOf(page: string): string[] {
  return codeBlocks(page).filter(({ info }) => info === "sql").map(({ code }) => code);
}

function withHistory(use: (place: Place) => Promise<void>): () => Promise<void> {
  return () =>
    withPlace(async (empty) => {
      const src = `${empty.folder}/src`;
      makeSmallTree(src);
      shell(
        src,
        `echo x > "$(printf 'raw\\351')"; echo '"' > 'q",'; echo y > "$(printf 'line\\nend')"`,
      );
      await settle();
      const place = await folderJob(empty);
      await mustEnd(0, place, ["backup"]);
      shell(src, "echo 1 again > docs/one.txt; rm pictures/large.jpg; mv docs/letters letters");
      await settle();
      await mustEnd(0, place, ["backup"]);
      await use(place);
    });
}

const exported =
  "an export as Parquet and CSV has every line of the log, and the page's queries work";
Deno.test({
  name: exported,
  ignore: python === undefined,
  fn: withHistory(async (place) => {
    const { folder } = place;
    for (const format of ["jsonl", "csv", "parquet"]) {
      await mustEnd(0, place, [
        "log",
        "export",
        "--format",
        format,
        "--output",
        `photos.${format}`,
      ]);
    }
    const lines = Deno.readTextFileSync(`${folder}/photos.jsonl`);
    assert.equal((await mustEnd(0, place, ["log", "--json"])).stdout, lines);
    const events = lines.trimEnd().split("\n").map((line) => JSON.parse(line));
    const columns = "position, strftime(time, '%Y-%m-%dT%H:%M:%S.%gZ'), run, type, version, data";
    const page = Deno.readTextFileSync(join(projectRoot, "docs/audit.md"));
    const queries = queriesOf(page);
    assert.equal(queries.length, 5);
    const [parquet, csv, hashes, runs, removed, stored, contents, broken] = await answers(folder, [
      `SELECT ${columns} FROM 'photos.parquet' ORDER BY position`,
      `SELECT ${columns} FROM read_csv('photos.csv') ORDER BY position`,
      "SELECT count(*) FROM 'photos.parquet' p JOIN read_csv('photos.csv') c USING (position, hash)",
      ...queries,
    ]);
    const rows = events.map((
      { position, at, run, type, version, data },
    ) => [position, at, run, type, version, JSON.stringify(data)]);
    assert.deepEqual(parquet, rows);
    assert.deepEqual(csv, rows);
    assert.deepEqual(hashes, [[events.length]]);

    assert.deepEqual(runs.map((row) => [row[1], row[3]]), [
      ["init", "0"],
      ["backup", "0"],
      ["backup", "0"],
    ]);
    assert.deepEqual(removed.map((row) => [row[2], row[3]]), [["pictures", "large.jpg"]]);
    const bytes = shell(folder, "find src -type f -printf '%s\\n'").trim().split("\n");
    assert.ok(
      stored.length === 1 && Number(stored[0][3]) > bytes.map(Number).reduce((a, b) => a + b),
    );
    assert.deepEqual(contents.map((row) => row[1]), ["4", "8"]);
    assert.deepEqual(broken, []);
  }),
});

Deno.test({
  name: "the page's query finds an event that was changed in the export",
  ignore: python === undefined,
  fn: withHistory(async (place) => {
    const { folder } = place;
    await mustEnd(0, place, ["log", "export", "--format", "parquet", "--output", "true.parquet"]);
    const page = Deno.readTextFileSync(join(projectRoot, "docs/audit.md"));
    const forge = `COPY (SELECT * REPLACE (CASE position WHEN 7 THEN replace(data, '1', '2')
      ELSE data END AS data) FROM 'true.parquet') TO 'photos.parquet' (FORMAT parquet)`;
    const [, broken] = await answers(folder, [forge, queriesOf(page)[4]]);
    assert.deepEqual(broken, [[7]]);
  }),
});

Deno.test(
  "an export overwrites nothing, leaves no half of a file, and says what it cannot take",
  withHistory(async (place) => {
    const { folder } = place;
    Deno.writeTextFileSync(`${folder}/mine`, "mine");
    const taken = await holdfast(place, ["log", "export", "--output", "mine"]);
    assert.deepEqual([taken.code, /mine exists/.test(taken.stderr)], [2, true]);
    assert.equal(Deno.readTextFileSync(`${folder}/mine`), "mine");
    const nowhere = await holdfast(place, ["log", "export", "--output", "no/where"]);
    assert.deepEqual([nowhere.code, /cannot write/.test(nowhere.stderr)], [1, true]);
    const path = await holdfast(place, ["log", "export", "--path", "docs", "--output", "x"]);
    assert.deepEqual([path.code, /takes no --path/.test(path.stderr)], [2, true]);
    const dry = await mustEnd(0, place, ["--dry-run", "log", "export", "--output", "x"]);
    assert.match(dry.stdout, /plan: write the events up to \d+ to /);
    await mustEnd(0, place, ["log", "export", "--output", "some", "--type", "RunStarted"]);
    const some = Deno.readTextFileSync(`${folder}/some`).trimEnd().split("\n");
    assert.deepEqual(some.map((line) => JSON.parse(line).type), Array(3).fill("RunStarted"));
    assert.equal(shell(folder, "ls *.holdfast-new x 2>/dev/null || true"), "");
    assert.equal(shell(folder, "stat -c %a some"), "600\n");
  }),
);
