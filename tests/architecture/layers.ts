import type { ImportGraph } from "./import_graph.ts";

/** Folders below src/ that are no adapters; every other one holds adapters. */
type Layer =
  | "core"
  | "ports"
  | "report"
  | "app"
  | "cli"
  | "libc"
  | "smb"
  | "wiring"
  | "main"
  | "adapter";

/** What each layer may import of the program, its own part aside. Anything else is forbidden. */
const allowed: Record<Layer, readonly Layer[]> = {
  core: [],
  ports: ["core"],
  report: ["core"],
  libc: ["core"],
  smb: ["core"],
  adapter: ["core", "ports", "libc", "smb"],
  app: ["core", "ports"],
  cli: ["core", "ports", "app", "report"],
  // The composition root is src/main.ts and what it loads command by command.
  wiring: ["core", "ports", "report", "libc", "smb", "adapter", "app", "cli"],
  main: ["wiring", "core", "ports", "report", "libc", "smb", "adapter", "app", "cli"],
};

/** Layers that reach the outside world only through ports: no package, no built-in module. */
const isolated: readonly Layer[] = ["core", "ports", "report", "app"];

/** Folders that hold several adapters, one a folder: src/stores/s3, src/stores/folder. */
const adapterFamilies = ["sources", "targets", "stores"];

/** One sentence for each import that the layers forbid. */
export function forbiddenImports(graph: ImportGraph): string[] {
  const found: string[] = [];
  for (const [file, imports] of graph) {
    for (const { to } of imports) {
      const reason = reasonAgainst(file, to);
      if (reason !== null) found.push(`${file} imports ${to}: ${reason}`);
    }
  }
  return found;
}

function reasonAgainst(file: string, to: string): string | null {
  const from = layerOf(file);
  if (/^[a-z]+:/.test(to)) {
    if (/^https?:|^jsr:/.test(to)) return "only npm packages and built-in modules are allowed";
    return isolated.includes(from) ? `${from} knows no packages and no built-in modules` : null;
  }
  if (to === "deno.json") return from === "main" || from === "cli" ? null : "only main and cli may";
  if (!to.startsWith("src/")) return "it lies outside src";
  if (partOf(file) === partOf(to)) return null;
  const target = layerOf(to);
  if (from === "adapter" && target === "adapter") return "an adapter never imports another one";
  return allowed[from].includes(target) ? null : `${from} may not import ${target}`;
}

function layerOf(file: string): Layer {
  const folder = file.split("/")[1];
  if (folder === "main.ts") return "main";
  const named: readonly string[] = [
    ...["core", "ports", "report", "app", "cli", "libc", "smb", "wiring"],
  ];
  return named.includes(folder) ? folder as Layer : "adapter";
}

/** The unit inside which files import each other freely: a layer's folder, or one adapter's. */
function partOf(file: string): string {
  const [src, folder, inner, ...rest] = file.split("/");
  const isNested = adapterFamilies.includes(folder) && rest.length > 0;
  return isNested ? `${src}/${folder}/${inner}` : `${src}/${folder}`;
}

/** Each cycle of imports, `import type` included, as the files along it. */
export function cycles(graph: ImportGraph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const { to } of graph.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}

/** Files that `root` does not reach, by whatever import. */
export function unreachable(graph: ImportGraph, root: string): string[] {
  const reached = reach(graph, root, () => true);
  return [...graph.keys()].filter((file) => !reached.has(file));
}

/** Packages that are loaded before the first command runs, as "npm:name@version". */
export function startUpPackages(graph: ImportGraph, root: string): string[] {
  const reached = reach(graph, root, ({ isDynamic, isType }) => !isDynamic && !isType);
  return [...reached].filter((name) => name.startsWith("npm:"));
}

function reach(
  graph: ImportGraph,
  root: string,
  follows: (edge: { isDynamic: boolean; isType: boolean }) => boolean,
): Set<string> {
  const reached = new Set([root]);
  for (const file of reached) { // a Set's iteration visits what is added meanwhile
    for (const edge of graph.get(file) ?? []) if (follows(edge)) reached.add(edge.to);
  }
  return reached;
}
