import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { compare, type Holdfast, holdfastOf, showCommand, title } from "./run_holdfast.ts";
import { makeTree } from "./sample_tree.ts";
import { readTree } from "./tree_state.ts";

/**
 * Cold storage: a folder store that simulates Deep Archive (docs/stores.md), where Bulk takes two
 * days, of a clock that is a file.
 */
export async function coldChapter(folder: string): Promise<void> {
  const [source, store] = [join(folder, "archive"), join(folder, "vault")];
  const holdfast = holdfastOf(folder, "cold");

  title("Cold storage, simulated: the same commands with DEEP_ARCHIVE");
  makeTree(source);
  await setUp(holdfast, { folder, store });
  await holdfast(["backup"]);

  title("A restore from the archive says what it costs, asks for it, and waits");
  await holdfast(["restore", "--to", "thawed", "--dry-run"]);
  await holdfast(["restore", "--to", "thawed", "--yes"], { code: 13 });
  await holdfast(["restores"]);

  title("Two days later everything is warm");
  setClock(store, "+49h");
  await holdfast(["restore", "--wait"]);
  compare("the archived tree", readTree(source), readTree(join(folder, "thawed")));

  title("A folder of archived files is renamed: no request, no byte");
  showCommand("mv archive/photos archive/pictures");
  Deno.renameSync(join(source, "photos"), join(source, "pictures"));
  await holdfast(["backup"]);
  await holdfast(["status"]);
}

/** As of AWS in us-east-1: a folder store has no prices of its own. */
async function setUp(
  holdfast: Holdfast,
  { folder, store }: { readonly folder: string; readonly store: string },
): Promise<void> {
  const repository = `${pathToFileURL(store).href}?warm_up=24h`;
  await holdfast([
    ...["init", "--job", "cold", "--source", "archive", "--repository", repository],
    ...["--storage-class", "DEEP_ARCHIVE"],
  ]);
  const prices = AWS_PRICES.rows.flatMap((row) => [
    ...["", "[[prices]]", 'region = "file"', `item = ${JSON.stringify(row.item)}`],
    ...(row.storageClass === undefined ? [] : [`storage_class = "${row.storageClass}"`]),
    ...(row.tier === undefined ? [] : [`tier = "${row.tier}"`]),
    ...(row.from === undefined ? [] : [`from = ${row.from}`]),
    ...[`usd = ${row.usd}`, `source = ${JSON.stringify(row.source)}`, `date = "${row.date}"`],
  ]);
  showCommand("echo 'min_archive_size = 0' >> cold.toml    # and AWS's prices, for this folder");
  Deno.writeTextFileSync(
    join(folder, "cold.toml"),
    `${["min_archive_size = 0", ...prices].join("\n")}\n`,
    { append: true },
  );
}

function setClock(store: string, ahead: string): void {
  showCommand(`echo ${ahead} > vault/.holdfast-store/clock`);
  Deno.writeTextFileSync(join(store, ".holdfast-store", "clock"), `${ahead}\n`);
}
