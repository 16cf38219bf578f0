import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow } from "../../scripts/files_below.ts";
import { projectRoot } from "../../scripts/project_root.ts";

export interface CodeBlock {
  /** What stands behind the opening fence: "ts", "sh run". */
  readonly info: string;
  readonly code: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/** README.md and every page below docs/, as absolute paths. */
export function pages(): string[] {
  const readme = join(projectRoot, "README.md");
  const docs = filesBelow(join(projectRoot, "docs")).filter((file) => file.endsWith(".md"));
  return existsSync(readme) ? [readme, ...docs] : docs;
}

/** The fenced code blocks of a page. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { info: string; line: number; code: string[] } | null = null;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (fence === null) open?.code.push(line);
    else if (open === null) open = { info: fence[1].trim(), line: index + 1, code: [] };
    else {
      blocks.push({ info: open.info, line: open.line, code: open.code.join("\n") });
      open = null;
    }
  }
  return blocks;
}

/** Links of a page to other files of the project, without their `#…`. */
export function localLinks(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map(([, target]) => target.replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

export function readPage(page: string): string {
  return readFileSync(page, "utf8");
}

/** The code blocks between a heading, given without its `#`, and the next one. */
export function blocksUnder(markdown: string, heading: string): CodeBlock[] {
  const lines = markdown.split("\n");
  const from = lines.findIndex((line) => line.replace(/^##+ /, "") === heading);
  if (from < 0) throw new Error(`there is no heading ${heading}`);
  const length = lines.slice(from + 1).findIndex((line) => /^##+ /.test(line));
  const end = length < 0 ? lines.length : from + 1 + length;
  return codeBlocks(lines.slice(from, end).join("\n"))
    .map((block) => ({ ...block, line: block.line + from }));
}
