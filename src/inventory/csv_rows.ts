import { HoldfastError, messageOf } from "../core/error.ts";
import { csvReader } from "../core/inventory/csv_fields.ts";

/** Rows of a CSV, gzip as S3 Inventory writes it, a piece of the stream at once. */
export async function* csvRows(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<string[][]> {
  const reader = csvReader();
  const text = body
    .pipeThrough(new DecompressionStream("gzip") as TransformStream<Uint8Array, Uint8Array>)
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
  try {
    for await (const piece of text) yield reader.push(piece);
  } catch (cause) {
    if (cause instanceof HoldfastError || !(cause instanceof TypeError)) throw cause;
    throw new HoldfastError("damage", `a file of the report is no gzip: ${messageOf(cause)}`, {
      hint: "fetch it again",
      cause,
    });
  }
  yield reader.end();
}
