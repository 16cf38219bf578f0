/** Words by what they reach for. Matched in code, not in comments and quoted strings. */
const outsideWorld: readonly [RegExp, string][] = [
  [/\bDeno\b/, "Deno"],
  [/\bDate\b/, "the clock"],
  [/\bMath\.random\b/, "random numbers"],
  [/\bcrypto\./, "random numbers or platform hashes"],
  [/\bfetch\s*\(/, "the network"],
  [/\bconsole\./, "the terminal"],
  [/\b(setTimeout|setInterval|performance)\b/, "the clock"],
  [/\b(process|Buffer|require)\b\s*[.(]/, "Node"],
  [/\bglobalThis\b/, "globals"],
];
const asynchrony: readonly [RegExp, string][] = [
  [/\b(async|await)\b/, "asynchrony"],
  [/\bPromise\b/, "asynchrony"],
];
const values: readonly [RegExp, string][] = [
  [/^\s*(export\s+)?(const|let|function|class|enum)\b/, "a value, where only types belong"],
];

/** What the text of one file must not contain, by its place; empty for the other layers. */
function rulesFor(file: string): readonly (readonly [RegExp, string])[] {
  if (file.startsWith("src/core/") || file.startsWith("src/report/")) {
    return [...outsideWorld, ...asynchrony];
  }
  if (file.startsWith("src/ports/")) return values;
  return file.startsWith("src/app/") ? outsideWorld : [];
}

/** One sentence for each forbidden word in a file's text. */
export function forbiddenWords(file: string, text: string): string[] {
  const rules = rulesFor(file);
  return codeOf(text).split("\n").flatMap((line, index) =>
    rules.filter(([word]) => word.test(line)).map(([word, what]) =>
      `${file}:${index + 1} reaches for ${what}: ${word.exec(line)?.[0].trim()}`
    )
  );
}

/** The text without comments and quoted strings, lines kept; template literals stay as they are. */
function codeOf(text: string): string {
  const parts = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(parts, (part) => part.replace(/[^\n]/g, " "));
}
