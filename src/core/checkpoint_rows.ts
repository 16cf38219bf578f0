import { HoldfastError } from "./error.ts";

/** A value of a row: an integer, a text, bytes, or nothing. */
export type Cell = null | bigint | string | Uint8Array;

/** Which table the rows behind this line belong to. */
export interface TableLine {
  readonly table: string;
  readonly columns: readonly string[];
}

export function tableLine({ table, columns }: TableLine): string {
  return JSON.stringify({ table, columns });
}

/** A row as one line: bytes as {"b64": …}; integers beyond 2^53 as decimal strings. */
export function rowLine(cells: readonly Cell[]): string {
  return JSON.stringify(cells.map(jsonOfCell));
}

function jsonOfCell(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return { b64: cell.toBase64() };
  if (typeof cell !== "bigint") return cell;
  const number = Number(cell);
  return Number.isSafeInteger(number) ? number : String(cell);
}

/** A value as it is put back: a column of integers takes a decimal string for what it says. */
export type LoadedCell = null | number | string | Uint8Array;

export type CheckpointLine =
  | { readonly kind: "header" }
  | { readonly kind: "table"; readonly table: TableLine }
  | { readonly kind: "row"; readonly cells: readonly LoadedCell[] };

/** Throws kind "damage" where the line is none of a checkpoint's. */
export function readLine(line: string): CheckpointLine {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw wrong();
  }
  if (Array.isArray(json)) return { kind: "row", cells: json.map(cellOfJson) };
  if (typeof json !== "object" || json === null) throw wrong();
  if ("format" in json) return { kind: "header" };
  const { table, columns } = json as Partial<TableLine>;
  if (typeof table !== "string" || !Array.isArray(columns)) throw wrong();
  return { kind: "table", table: { table, columns } };
}

function cellOfJson(json: unknown): LoadedCell {
  if (json === null || typeof json === "number" || typeof json === "string") return json;
  const { b64 } = json as { b64?: unknown };
  if (typeof b64 !== "string") throw wrong();
  try {
    return Uint8Array.fromBase64(b64);
  } catch {
    throw wrong();
  }
}

function wrong(): HoldfastError {
  return new HoldfastError("damage", "a line of the checkpoint is none that a checkpoint has");
}
