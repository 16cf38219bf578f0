import { guarded } from "./database.ts";

/** Rows of a query, with SQLite's errors as ours, however late they come. */
export function* guardedRows<Row>(file: string, rows: () => Iterable<Row>): Generator<Row> {
  const iterator = guarded(file, () => rows()[Symbol.iterator]());
  try {
    for (;;) {
      const next = guarded(file, () => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    iterator.return?.();
  }
}

/** The same object with every function guarded: those that return generators row by row. */
export function guardedReads<Reads extends object>(file: string, reads: Reads): Reads {
  const guardedOnes = Object.entries(reads).map(([name, value]) => {
    if (typeof value !== "function") return [name, value];
    return [name, (...args: unknown[]) => {
      const result = guarded(file, () => value(...args));
      return isGenerator(result) ? guardedRows(file, () => result) : result;
    }];
  });
  return Object.fromEntries(guardedOnes);
}

function isGenerator(value: unknown): value is Generator<unknown> {
  return typeof value === "object" && value !== null && "next" in value;
}
