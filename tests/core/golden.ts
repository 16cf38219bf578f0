import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/**
 * Compares a text with tests/core/golden/NAME. UPDATE_GOLDENS=1 writes it instead: a difference there
 * is a change of a format that repositories already hold.
 */
export function assertGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`./golden/${name}`, import.meta.url));
  if (Deno.env.get("UPDATE_GOLDENS") === "1") Deno.writeTextFileSync(file, text);
  assert.equal(text, Deno.readTextFileSync(file));
}
