import { rm, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { mustRun } from "../../scripts/command.ts";
import { filesBelow } from "../../scripts/files_below.ts";
import { projectRoot } from "../../scripts/project_root.ts";

export interface Import {
  /** A path below the project's root ("src/core/error.ts"), or "npm:…", "node:…". */
  readonly to: string;
  /** `import()` inside a function: loaded only when it is reached. */
  readonly isDynamic: boolean;
  /** `import type`: gone when the program runs. */
  readonly isType: boolean;
}

/** Imports by file, all paths below the project's root with forward slashes. */
export type ImportGraph = ReadonlyMap<string, readonly Import[]>;

interface Info {
  modules: {
    specifier: string;
    dependencies?: {
      specifier: string;
      code?: { specifier?: string };
      type?: { specifier?: string };
      isDynamic?: boolean;
    }[];
  }[];
}

/** All TypeScript files of the program, sorted. */
export function sourceFiles(): string[] {
  return filesBelow(join(projectRoot, "src")).filter((file) => file.endsWith(".ts")).map(local);
}

/** The imports of every file of the program, as Deno itself resolves them. */
export async function readImportGraph(): Promise<ImportGraph> {
  const scratch = await Deno.makeTempDir({ prefix: "holdfast-architecture-" });
  try {
    const root = join(scratch, "all.ts");
    const files = sourceFiles().map((file) => pathToFileURL(join(projectRoot, file)).href);
    await writeFile(root, files.map((file) => `import ${JSON.stringify(file)};\n`).join(""));
    const config = join(projectRoot, "deno.json");
    const info = await mustRun([Deno.execPath(), "info", "--json", "--config", config, root]);
    return graphOf(JSON.parse(info));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function graphOf(info: Info): ImportGraph {
  const graph = new Map<string, Import[]>();
  for (const module of info.modules) {
    const file = nameOf(module.specifier);
    if (!file.startsWith("src/")) continue;
    const imports = (module.dependencies ?? []).map(({ specifier, code, type, isDynamic }) => ({
      to: nameOf(code?.specifier ?? type?.specifier ?? specifier),
      isDynamic: isDynamic === true,
      isType: code === undefined,
    }));
    graph.set(file, imports);
  }
  return graph;
}

function nameOf(specifier: string): string {
  return specifier.startsWith("file:") ? local(fileURLToPath(specifier)) : specifier;
}

function local(file: string): string {
  return relative(projectRoot, file).split(sep).join("/");
}
