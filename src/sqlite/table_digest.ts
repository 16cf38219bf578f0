import type { DatabaseSync } from "node:sqlite";
import { hex, type Sha256 } from "../core/hash.ts";
import { pagedRows } from "./paged_rows.ts";
import { PROJECTED, type ProjectedTable } from "./schema.ts";

/** SHA-256 of each projected table, by its name. */
export function tableDigests(db: DatabaseSync, sha256: Sha256): Record<string, string> {
  return Object.fromEntries(PROJECTED.map((table) => [table.name, tableDigest(db, table, sha256)]));
}

const CHUNK = 1000;

/** SHA-256, chained over chunks of rows as JSON arrays, so that memory stays bounded. */
function tableDigest(db: DatabaseSync, table: ProjectedTable, sha256: Sha256): string {
  const columns = table.columns.map((name) => `quote(${name})`).join(" || ',' || ");
  const query = { columns: `${columns} AS row`, table: table.name, keys: table.order.split(", ") };
  let digest = hex(sha256(table.name));
  let rows: string[] = [];
  for (const { row } of pagedRows(db, { ...query, page: CHUNK })) {
    rows.push(row as string);
    if (rows.length < CHUNK) continue;
    digest = hex(sha256(digest, rows.join("\n")));
    rows = [];
  }
  return rows.length === 0 ? digest : hex(sha256(digest, rows.join("\n")));
}
