/** Splits text into lines of a CSV, piece by piece: no field of an inventory holds a line break. */
export interface CsvReader {
  /** Rows that are complete with this text. */
  push(text: string): string[][];
  /** What is left: a last line without a line break. */
  end(): string[][];
}

export function csvReader(): CsvReader {
  let rest = "";
  return {
    push(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      return lines.flatMap(rowsOf);
    },
    end() {
      const last = rest;
      rest = "";
      return rowsOf(last);
    },
  };
}

function rowsOf(line: string): string[][] {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return text === "" ? [] : [csvFields(text)];
}

/** Fields of a line (RFC 4180): the common form, all quoted and none with a quote, at once. */
export function csvFields(line: string): string[] {
  if (line.startsWith('"') && line.endsWith('"')) {
    const fields = line.slice(1, -1).split('","');
    if (!fields.some((field) => field.includes('"'))) return fields;
  }
  const fields: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
  }
  return fields;
}
