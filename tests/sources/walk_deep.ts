/** Run by a test in a process that may open few files: walks a chain down and up, prints its depth. */
import { openLocalSource } from "../../src/sources/local/local_source.ts";

const root = openLocalSource(Deno.args[0], { walker: "linux" }).open();
const folders = [root.folder];
while (folders.at(-1)!.list().count === 1) {
  try {
    folders.push(folders.at(-1)!.enter("d"));
  } catch {
    break;
  }
}
console.log(folders.length - 1, folders.toReversed().map((it) => it.list().count).join(""));
root.close();
