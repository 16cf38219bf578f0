import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { coldChapter } from "./demo/cold_chapter.ts";
import { compare, holdfastOf, title } from "./demo/run_holdfast.ts";
import { editTree, makeTree } from "./demo/sample_tree.ts";
import { readTree } from "./demo/tree_state.ts";

/**
 * The main job on the embedded default, a folder store: backs a small tree up, edits it, backs it up
 * again, looks, and restores both states; then the same from an archive that is simulated. All of it
 * in a temporary folder that is removed at the end.
 */
async function demo(folder: string): Promise<void> {
  const tree = join(folder, "tree");
  const holdfast = holdfastOf(folder, "demo");

  title("A small tree, and a job that backs it up into a folder");
  makeTree(tree);
  const first = readTree(tree);
  const repository = pathToFileURL(join(folder, "store")).href;
  await holdfast(["init", "--job", "demo", "--source", "tree", "--repository", repository]);
  await holdfast(["backup"]);

  title("The tree is edited: a change, additions, a removal, a mode; then the second backup");
  editTree(tree);
  const second = readTree(tree);
  await holdfast(["backup"]);

  title("What there is");
  await holdfast(["snapshots"]);
  const records = await holdfast(["snapshots", "--json"]);
  const [{ position }] = records.trim().split("\n").map((line) => JSON.parse(line));
  await holdfast(["ls", "--recursive", "--long"]);
  await holdfast(["status"]);

  title("The event log is the truth: what it says, and the proof of it");
  await holdfast(["log"]);
  await holdfast(["log", "--path", "letters"]);
  await holdfast(["log", "verify"]);

  title("Both states come back");
  await holdfast(["restore", "--snapshot", String(position), "--to", "restored/first"]);
  await holdfast(["restore", "--to", "restored/latest"]);
  compare("the first state", first, readTree(join(folder, "restored", "first")));
  compare("the latest state", second, readTree(join(folder, "restored", "latest")));

  await coldChapter(folder);
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
  console.log(
    "\ndemo passed: both states, and the archived one, were backed up and restored as they were",
  );
  return 0;
}

if (import.meta.main) Deno.exit(await main());
