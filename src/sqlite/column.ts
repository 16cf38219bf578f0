/**
 * Values of a row, checked: SQLite hands out whatever a damaged page holds. RangeError is what
 * `guarded` turns into damage.
 */
export function bytesIn(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw wrong("bytes", value);
}

export function bytesOrNull(value: unknown): Uint8Array | null {
  return value === null ? null : bytesIn(value);
}

export function numberIn(value: unknown): number {
  if (typeof value === "number") return value;
  throw wrong("a number", value);
}

export function textIn(value: unknown): string {
  if (typeof value === "string") return value;
  throw wrong("a text", value);
}

export function textOrNull(value: unknown): string | null {
  return value === null ? null : textIn(value);
}

function wrong(wanted: string, value: unknown): RangeError {
  return new RangeError(`a row holds ${value === null ? "nothing" : typeof value}, not ${wanted}`);
}
