import { createHash, type Hash } from "node:crypto";
import { HoldfastError, isKind } from "../core/error.ts";
import type { InventoryManifest, InventoryPart } from "../core/inventory/inventory_manifest.ts";
import { inventoryObjects } from "../core/inventory/inventory_row.ts";
import type { InventoryReport } from "../ports/inventory.ts";
import { csvRows } from "./csv_rows.ts";

export interface InventoryFiles {
  /** A file that the manifest names, from its first byte to its last. */
  open(part: InventoryPart): Promise<ReadableStream<Uint8Array>>;
  /** For what has to be read out of order. */
  readonly folder: string;
}

/** The objects of a report, file by file, each compared with its MD5. */
export function readInventory(
  { format, columns, files }: InventoryManifest,
  { open, folder }: InventoryFiles,
): InventoryReport {
  const objectOf = inventoryObjects(columns, { isEncoded: format === "CSV" });
  return {
    async *objects() {
      for (const part of files) {
        const hash = createHash("md5");
        const body = (await open(part)).pipeThrough(hashing(hash));
        const rows = format === "CSV"
          ? csvRows(body)
          : (await import("./parquet_rows.ts")).parquetRows(body, { folder, columns });
        try {
          for await (const page of rows) yield page.flatMap((row) => objectOf(row) ?? []);
        } catch (error) {
          throw inFile(error, part);
        }
        if (hash.digest("hex") !== part.md5) throw damaged(part);
      }
    },
  };
}

/** A report has thousands of files: which of them is to be fetched again. */
function inFile(error: unknown, { key }: InventoryPart): unknown {
  if (!isKind(error, "damage")) return error;
  const { kind, message, context, hint } = error;
  return new HoldfastError(kind, message, {
    ...{ context: { ...context, file: key }, cause: error },
    ...(hint === undefined ? {} : { hint }),
  });
}

function hashing(hash: Hash): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      hash.update(chunk);
      controller.enqueue(chunk);
    },
  });
}

function damaged({ key }: InventoryPart): HoldfastError {
  return new HoldfastError("damage", `${key} is not as S3 Inventory wrote it: another MD5`, {
    hint: "fetch it again",
  });
}
