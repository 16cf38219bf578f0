import type { DatabaseSync } from "node:sqlite";

type Value = null | number | bigint | string | Uint8Array;
export type PagedRow = Record<string, Value>;

export interface PagedQuery {
  /** Of the SELECT; `key_0`, `key_1` … are added. */
  readonly columns: string;
  readonly table: string;
  readonly where?: string;
  /** Of the marks in `where`. */
  readonly values?: readonly Value[];
  /** Columns that name a row: the order, and where the next page goes on. */
  readonly keys: readonly string[];
  /** Rows at once. */
  readonly page: number;
}

/**
 * Rows in the order of their keys, page by page, integers as bigint. Never `iterate`: Deno's ends
 * without a word where SQLite reports damage or a number is out of range (2.6.10 and 2.9.6).
 */
export function* pagedRows(db: DatabaseSync, query: PagedQuery): Generator<PagedRow> {
  const { columns, table, where = "TRUE", values = [], keys, page } = query;
  const order = keys.join(", ");
  const named = keys.map((key, i) => `${key} AS key_${i}`).join(", ");
  const marks = keys.map(() => "?").join(", ");
  const select = (more: string) => {
    const statement = db.prepare(
      `SELECT ${columns}, ${named} FROM ${table} WHERE ${where} ${more} ORDER BY ${order} LIMIT ${page}`,
    );
    statement.setReadBigInts(true);
    return statement;
  };
  let rows = select("").all(...values) as PagedRow[];
  const next = select(`AND (${order}) > (${marks})`);
  for (;;) {
    yield* rows;
    if (rows.length < page) return;
    const last = rows[rows.length - 1];
    rows = next.all(...values, ...keys.map((_, i) => last[`key_${i}`])) as PagedRow[];
  }
}
