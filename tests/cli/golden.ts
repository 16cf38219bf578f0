import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/**
 * Compares a text with tests/cli/golden/NAME. UPDATE_GOLDENS=1 writes it instead: read the
 * difference before committing it.
 */
export function assertGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`./golden/${name}`, import.meta.url));
  if (Deno.env.get("UPDATE_GOLDENS") === "1") Deno.writeTextFileSync(file, text);
  assert.equal(text, Deno.readTextFileSync(file));
}
