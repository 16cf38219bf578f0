import { parse } from "smol-toml";

/**
 * Where in a TOML text each key and each array element stands, for messages. The parser (smol-toml)
 * says it for syntax errors only. Reads a text that has parsed already, so it need not check.
 */
export type TomlPath = readonly (string | number)[];

/** Line (from 1) of a path; of the nearest part of it that is in the text; else 1. */
export type LineOf = (path: TomlPath) => number;

export function tomlLines(text: string): LineOf {
  const lines = new Map<string, number>();
  const reader = readerOf(text, (path, line) => {
    const key = JSON.stringify(path);
    if (!lines.has(key)) lines.set(key, line);
  });
  readDocument(reader);
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const line = lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  };
}

/** A stretch of the text, as `slice` takes it. */
export interface TomlSpan {
  readonly start: number;
  readonly end: number;
}

/** Where a key's value stands; undefined where the key is not there. */
export function tomlValueSpan(text: string, path: TomlPath): TomlSpan | undefined {
  const key = JSON.stringify(path);
  let found: TomlSpan | undefined;
  readDocument(readerOf(text, () => {}, (at, span) => {
    if (JSON.stringify(at) === key) found = span;
  }));
  return found;
}

interface Reader {
  peek(): string;
  startsWith(text: string): boolean;
  skip(count: number): void;
  /** Skips and returns what matches at the current place. */
  take(pattern: RegExp): string;
  ended(): boolean;
  note(path: TomlPath): void;
  place(): number;
  /** A key's value is read. */
  noteValue(path: TomlPath, span: TomlSpan): void;
}

function readerOf(
  text: string,
  found: (path: TomlPath, line: number) => void,
  foundValue: (path: TomlPath, span: TomlSpan) => void = () => {},
): Reader {
  let at = 0;
  let line = 1;
  const skip = (count: number) => {
    for (const end = at + count; at < end; at++) if (text[at] === "\n") line++;
  };
  return {
    skip,
    peek: () => text[at],
    startsWith: (part) => text.startsWith(part, at),
    take(pattern) {
      pattern.lastIndex = at;
      const match = pattern.exec(text)?.[0] ?? "";
      skip(match.length);
      return match;
    },
    ended: () => at >= text.length,
    note: (path) => found(path, line),
    place: () => at,
    noteValue: foundValue,
  };
}

const blank = /(?:[ \t\r\n]|#[^\n]*)*/y;

function readDocument(reader: Reader): void {
  const counts = new Map<string, number>();
  let table: TomlPath = [];
  reader.take(/\ufeff?/y);
  for (reader.take(blank); !reader.ended(); reader.take(blank)) {
    if (reader.peek() === "[") table = readHeader(reader, counts);
    else readPair(reader, table);
    reader.take(/[^\n]*/y);
  }
}

/** `[a.b]` or `[[a.b]]`: a part that is an array of tables stands for its last element. */
function readHeader(reader: Reader, counts: Map<string, number>): TomlPath {
  const isArray = reader.startsWith("[[");
  reader.take(/\[+[ \t]*/y);
  const keys = readKey(reader);
  reader.take(/[ \t]*\]+/y);
  const path: (string | number)[] = [];
  for (const [i, key] of keys.entries()) {
    path.push(key);
    reader.note([...path]);
    const name = JSON.stringify(path);
    if (isArray && i === keys.length - 1) counts.set(name, (counts.get(name) ?? -1) + 1);
    const index = counts.get(name);
    if (index !== undefined) path.push(index);
  }
  reader.note(path);
  return path;
}

function readPair(reader: Reader, table: TomlPath): void {
  const path = [...table];
  for (const key of readKey(reader)) {
    path.push(key);
    reader.note([...path]);
  }
  reader.take(/[ \t]*=[ \t]*/y);
  const start = reader.place();
  readValue(reader, path);
  reader.noteValue(path, { start, end: reader.place() });
}

function readKey(reader: Reader): string[] {
  const keys: string[] = [];
  do {
    reader.take(/[ \t]*\.?[ \t]*/y);
    const raw = reader.take(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+/y);
    keys.push(unquoted(raw));
    reader.take(/[ \t]*/y);
  } while (reader.peek() === ".");
  return keys;
}

function unquoted(key: string): string {
  return key.startsWith('"') ? Object.keys(parse(`${key} = 0`))[0] : key.replace(/^'|'$/g, "");
}

const string = /"""(?:[^\\]|\\[^])*?"""(?!")|'''[^]*?'''(?!')|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;

function readValue(reader: Reader, path: TomlPath): void {
  if (reader.peek() === "[") readItems(reader, "]", (i) => readElement(reader, [...path, i]));
  else if (reader.peek() === "{") readItems(reader, "}", () => readPair(reader, path));
  else if (reader.take(string) === "") reader.take(/[^,\]}\n#]*/y);
}

function readElement(reader: Reader, path: TomlPath): void {
  reader.note(path);
  readValue(reader, path);
}

function readItems(reader: Reader, end: string, readItem: (index: number) => void): void {
  reader.skip(1);
  reader.take(blank);
  for (let index = 0; reader.peek() !== end && !reader.ended(); index++) {
    readItem(index);
    reader.take(blank);
    reader.take(/,/y);
    reader.take(blank);
  }
  reader.skip(1);
}
