/** Whether two trees are the same, as other programs see them. */
import assert from "node:assert/strict";
import { hasCommand, run, shell } from "../sources/tree_tools.ts";

/** rsync and the two attribute tools are what comparing needs; false where the test is skipped. */
export function canCompare(test: string): boolean {
  return ["rsync", "setfacl", "setfattr"].every((command) => hasCommand(test, command));
}

/** Fails where rsync, find or getfattr see a difference. */
export function assertSameTree(from: string, to: string): void {
  assert.equal(differences(from, to), "");
  assert.equal(facts(to), facts(from));
}

/** What `rsync` would have to do to make `to` like `from`. */
export function differences(from: string, to: string): string {
  const compare = ["-aHAXnc", "--itemize-changes", "--delete", "--modify-window=-1"];
  return run("rsync", [...compare, `${from}/`, `${to}/`]);
}

/** Times in nanoseconds, link counts, and the attributes that rsync leaves out. */
function facts(folder: string): string {
  const stat = String.raw`find . -type d -printf '%P %m %U %G %T@\n' | LC_ALL=C sort
    find . ! -type d -printf '%P %y %m %U %G %T@ %n %l\n' | LC_ALL=C sort`;
  const attributes =
    "find . -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m - -e hex -- 2>&1";
  return shell(folder, `${stat}; ${attributes}`);
}
