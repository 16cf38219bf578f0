import { reportedKeys } from "../batch/manifest.ts";
import { HoldfastError } from "../error.ts";
import { plainColumn } from "./inventory_manifest.ts";

/** A current object as a report has it; the key is the whole one, with the prefix. */
export interface InventoryObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly storageClass: string;
}

/**
 * Makes objects of rows, whose values are in the order of `columns`. Undefined for older versions and
 * delete markers, which a report of all versions has. Keys are URL-encoded in CSV alone.
 */
export function inventoryObjects(
  columns: readonly string[],
  { isEncoded }: { readonly isEncoded: boolean },
): (row: readonly unknown[]) => InventoryObject | undefined {
  const at = new Map(columns.map((name, i) => [plainColumn(name), i]));
  const [key, size, etag, storageClass] = ["key", "size", "etag", "storageclass"]
    .map((name) => at.get(name)!);
  const [isLatest, isMarker] = [at.get("islatest"), at.get("isdeletemarker")];
  const is = (row: readonly unknown[], column: number | undefined, wanted: boolean) =>
    column !== undefined && String(row[column]).toLowerCase() === String(wanted);
  return (row) => {
    if (row.length !== columns.length) throw misshapen(row.length, columns.length);
    if (is(row, isLatest, false) || is(row, isMarker, true)) return undefined;
    const name = String(row[key]);
    const bytes = Number(row[size]);
    if (name === "" || !Number.isSafeInteger(bytes)) throw misshapen(row.length, columns.length);
    return {
      key: isEncoded && /[%+]/.test(name) ? reportedKeys(name)[0] : name,
      size: bytes,
      etag: String(row[etag] ?? "").replaceAll('"', ""),
      storageClass: String(row[storageClass] ?? "") || "STANDARD",
    };
  };
}

function misshapen(found: number, wanted: number): HoldfastError {
  const what = found === wanted ? "a row without key or size" : `a row of ${found} columns`;
  return new HoldfastError("damage", `the inventory report has ${what}, and not of ${wanted}`, {
    hint: "fetch it again, or take the report before it",
  });
}
