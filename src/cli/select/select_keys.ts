/** What a person can do in the tree; text goes into the filter. */
export type SelectKey =
  | { readonly kind: "up" | "down" | "page-up" | "page-down" | "home" | "end" }
  | { readonly kind: "left" | "right" | "toggle" | "accept" | "cancel" | "escape" | "erase" }
  | { readonly kind: "text"; readonly text: string };

type Named = Exclude<SelectKey["kind"], "text">;

/** ECMA-48 and xterm's control sequences, as terminals send them. */
const SEQUENCES: ReadonlyMap<string, Named> = new Map([
  ["\x1b[A", "up"],
  ["\x1bOA", "up"],
  ["\x1b[B", "down"],
  ["\x1bOB", "down"],
  ["\x1b[C", "right"],
  ["\x1bOC", "right"],
  ["\x1b[D", "left"],
  ["\x1bOD", "left"],
  ["\x1b[5~", "page-up"],
  ["\x1b[6~", "page-down"],
  ["\x1b[H", "home"],
  ["\x1b[1~", "home"],
  ["\x1b[F", "end"],
  ["\x1b[4~", "end"],
  ["\t", "right"],
  [" ", "toggle"],
  ["\r", "accept"],
  ["\n", "accept"],
  ["\x03", "cancel"],
  ["\x04", "cancel"],
  ["\x1b", "escape"],
  ["\x7f", "erase"],
  ["\b", "erase"],
]);

// deno-lint-ignore no-control-regex -- these are what a terminal sends
const part = /\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|[\x00-\x1f\x7f ]|[^\x00-\x1f\x7f ]+/g;

/** The keys in what a terminal sent at once; sequences that mean nothing here are left out. */
export function selectKeys(input: string): SelectKey[] {
  return (input.match(part) ?? []).flatMap((text): SelectKey[] => {
    const kind = SEQUENCES.get(text);
    if (kind !== undefined) return [{ kind }];
    return text >= " " && text[0] !== "\x7f" ? [{ kind: "text", text }] : [];
  });
}
