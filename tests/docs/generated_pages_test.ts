import assert from "node:assert/strict";
import { join } from "node:path";
import { generatedPages } from "../../scripts/docs_cli.ts";
import { projectRoot } from "../../scripts/project_root.ts";

/** The formatter decides on line breaks and the width of table columns. */
function unformatted(markdown: string): string {
  return markdown.replace(/-{3,}/g, "---").replace(/\s+/g, " ").trim();
}

for (const [name, text] of Object.entries(generatedPages())) {
  Deno.test(`docs/${name} is what the commands say: deno run -A scripts/docs_cli.ts`, () => {
    const page = Deno.readTextFileSync(join(projectRoot, "docs", name));
    assert.equal(unformatted(page), unformatted(text));
  });
}
