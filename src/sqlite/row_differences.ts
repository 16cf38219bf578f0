import type { DatabaseSync } from "node:sqlite";
import { displayPath, textOfBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import { bytesIn } from "./column.ts";
import { PROJECTED, type ProjectedTable } from "./schema.ts";

type Raw = Record<string, unknown>;

/** Rows of the main database's projections that are not as in the attached `replayed`, as sentences. */
export function rowDifferences(db: DatabaseSync, limit: number): string[] {
  const found: string[] = [];
  for (const table of PROJECTED) {
    for (const sentence of tableDifferences(db, table, limit - found.length)) found.push(sentence);
    if (found.length >= limit) return found;
  }
  return [...found, ...digestDifferences(db, limit - found.length)];
}

/** Digests that both have made, at the same scans, from the same rows. */
function digestDifferences(db: DatabaseSync, limit: number): string[] {
  const differ = (name: string) => `main.folders.${name} <> replayed.folders.${name}`;
  const rows = db.prepare(
    `SELECT id FROM main.folders JOIN replayed.folders USING (id)
     WHERE ${differ("tree_digest")} OR ${differ("content_digest")} ORDER BY id LIMIT ${limit}`,
  ).all();
  return (rows as { id: number }[]).map(({ id }) =>
    `folder ${pathOf(db, id) || "/"}: its digest in the index does not follow from what is in it`
  );
}

function tableDifferences(db: DatabaseSync, table: ProjectedTable, limit: number): string[] {
  const keys = table.order.split(", ");
  const select = differingRows(table, keys, limit);
  const live = db.prepare(select("main", "replayed")).all() as Raw[];
  const replayed = db.prepare(select("replayed", "main")).all() as Raw[];
  const byKey = new Map(replayed.map((row) => [keyOf(row, keys), row]));
  const sentences: string[] = [];
  for (const row of live) {
    const other = byKey.get(keyOf(row, keys));
    byKey.delete(keyOf(row, keys));
    sentences.push(describe(db, table, row, other));
  }
  for (const row of byKey.values()) {
    sentences.push(`${nameOf(db, table, row)} is missing from the index, but the log has it`);
  }
  return sentences.slice(0, limit);
}

/** Rows of one database that the other has not, or not so: looked up by key, one by one. */
function differingRows(table: ProjectedTable, keys: readonly string[], limit: number) {
  // File ids take all of 64 bits, more than a number holds.
  const columns = table.columns.map((name) =>
    name === "file_id" ? "CAST(a.file_id AS TEXT) AS file_id" : `a.${name}`
  ).join(", ");
  const same = keys.map((key) => `b.${key} = a.${key}`).join(" AND ");
  const differs = table.columns.filter((name) => !keys.includes(name))
    .map((name) => `a.${name} IS NOT b.${name}`);
  const where = [`b.${keys[0]} IS NULL`, ...differs].join(" OR ");
  const order = keys.map((key) => `a.${key}`).join(", ");
  return (from: string, other: string) =>
    `SELECT ${columns} FROM ${from}.${table.name} AS a LEFT JOIN ${other}.${table.name} AS b
     ON ${same} WHERE ${where} ORDER BY ${order} LIMIT ${limit}`;
}

function keyOf(row: Raw, keys: readonly string[]): string {
  return keys.map((key) => shown(row[key])).join("\0");
}

function describe(
  db: DatabaseSync,
  table: ProjectedTable,
  live: Raw,
  replayed: Raw | undefined,
): string {
  const name = nameOf(db, table, live);
  if (replayed === undefined) return `${name} is in the index, but the log does not have it`;
  const columns = table.columns.filter((column) => shown(live[column]) !== shown(replayed[column]));
  const parts = columns.map((column) =>
    column === "stat"
      ? statDifference(live.stat as Uint8Array, replayed.stat as Uint8Array)
      : `${column} ${shown(live[column])} in the index, ${shown(replayed[column])} by the log`
  );
  return `${name}: ${parts.join("; ")}`;
}

function statDifference(live: Uint8Array, replayed: Uint8Array): string {
  if (live.length !== replayed.length) return "stat is damaged";
  try {
    const [a, b] = [unpackStat(live), unpackStat(replayed)] as unknown as Raw[];
    return Object.keys(a).filter((key) => a[key] !== b[key])
      .map((key) => `${key} ${a[key]} in the index, ${b[key]} by the log`).join("; ");
  } catch {
    return "stat is damaged";
  }
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return value.toHex();
  return value === null ? "nothing" : String(value);
}

/** What a person calls the row. */
function nameOf(db: DatabaseSync, table: ProjectedTable, row: Raw): string {
  if (table.name === "entries") {
    const folder = pathOf(db, row.folder as number);
    const name = displayPath(textOfBytes(bytesIn(row.name)));
    return `entry ${folder === "" ? name : `${folder}/${name}`}`;
  }
  if (table.name === "folders") return `folder ${pathOf(db, row.id as number) || "/"}`;
  const keys = table.order.split(", ").map((key) => shown(row[key]) || '""').join(" ");
  return `row ${keys} of ${table.name}`;
}

function pathOf(db: DatabaseSync, id: number): string {
  const names: string[] = [];
  const find = db.prepare(
    `SELECT parent, name FROM (SELECT parent, name, id FROM replayed.folders UNION ALL
       SELECT parent, name, id FROM main.folders) WHERE id = ? LIMIT 1`,
  );
  const seen = new Set<number>();
  for (let at = id; at !== 0;) {
    const row = find.get(at) as { parent: number; name: Uint8Array } | undefined;
    // A damaged parent may lead in a circle.
    if (row === undefined || seen.has(at)) break;
    seen.add(at);
    const name = displayPath(textOfBytes(bytesIn(row.name)));
    if (row.parent !== 0 || name !== "") names.unshift(name);
    at = row.parent;
  }
  return names.join("/");
}
