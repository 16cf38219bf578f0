import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { editTree, makeTree } from "./demo/sample_tree.ts";
import { readTree, treeDifferences, type TreeState } from "./demo/tree_state.ts";
import { run } from "./command.ts";
import { projectRoot } from "./project_root.ts";

/**
 * The main job on the embedded default, a folder store: backs a small tree up, edits it, backs it up
 * again, looks, and restores both states. All of it in a temporary folder that is removed at the end.
 */
async function demo(folder: string): Promise<void> {
  const tree = join(folder, "tree");
  const holdfast = (...args: string[]) => runHoldfast(folder, args);

  title("A small tree, and a job that backs it up into a folder");
  makeTree(tree);
  const first = readTree(tree);
  const repository = pathToFileURL(join(folder, "store")).href;
  await holdfast("init", "--job", "demo", "--source", "tree", "--repository", repository);
  await holdfast("backup");

  title("The tree is edited: a change, additions, a removal, a mode; then the second backup");
  editTree(tree);
  const second = readTree(tree);
  await holdfast("backup");

  title("What there is");
  await holdfast("snapshots");
  const records = await holdfast("snapshots", "--json");
  const [{ position }] = records.trim().split("\n").map((line) => JSON.parse(line));
  await holdfast("ls", "--recursive", "--long");
  await holdfast("status");

  title("The event log is the truth: what it says, and the proof of it");
  await holdfast("log");
  await holdfast("log", "--path", "letters");
  await holdfast("log", "verify");

  title("Both states come back");
  await holdfast("restore", "--snapshot", String(position), "--to", "restored/first");
  await holdfast("restore", "--to", "restored/latest");
  compare("the first state", first, readTree(join(folder, "restored", "first")));
  compare("the latest state", second, readTree(join(folder, "restored", "latest")));
}

function title(text: string): void {
  console.log(`\n=== ${text} ===`);
}

/** Runs the program from its source in `folder`, and shows the command with what it says. */
async function runHoldfast(folder: string, args: string[]): Promise<string> {
  const own = ["--config", "holdfast.toml", "--state", "state/demo.db"];
  const line = [...args, ...own];
  console.log(`\n$ holdfast ${line.map(quoted).join(" ")}`);
  const config = join(projectRoot, "deno.json");
  const program = join(projectRoot, "src", "main.ts");
  const deno = [Deno.execPath(), "run", "--quiet", "--allow-all", "--config", config, program];
  const { code, stdout, stderr } = await run([...deno, ...line], { cwd: folder });
  for (const text of [stderr, stdout]) if (text !== "") console.log(text.trimEnd());
  if (code !== 0) throw new Error(`holdfast ${args[0]} ended with exit code ${code}`);
  return stdout;
}

function quoted(argument: string): string {
  return /^[\w./:=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function compare(name: string, expected: TreeState, found: TreeState): void {
  const differences = treeDifferences(expected, found);
  if (differences.length > 0) {
    throw new Error(`${name} came back different:\n${differences.join("\n")}`);
  }
  console.log(
    `compared ${name}: ${expected.size} entries alike in bytes, modes, times and symlinks`,
  );
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "holdfast-demo-" });
  try {
    await demo(folder);
  } catch (error) {
    console.log(`\ndemo failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log("\ndemo passed: both states were backed up, verified and restored as they were");
  return 0;
}

if (import.meta.main) Deno.exit(await main());
