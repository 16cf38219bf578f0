/** Looks at a folder store's files from outside, for what a crash may leave. */
import assert from "node:assert/strict";
import { recordIn } from "../../../src/stores/folder/version_record.ts";
import { openAt } from "./opened_folder.ts";

export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...filesBelow(path));
    else found.push(path);
  }
  return found.sort();
}

/** Keys of the open uploads. A process killed while it makes one leaves a torn record: that is none. */
export async function keysOfOpenUploads(root: string): Promise<string[]> {
  const store = openAt(root);
  const open = await store.listUploads("");
  store.close();
  return open.map(({ key }) => key);
}

/**
 * No mark is left, and every version has a whole record and data of the right length, or none where
 * it is a delete marker.
 */
export function assertSwept(root: string): void {
  const store = `${root}/.holdfast-store`;
  assert.deepEqual(filesBelow(`${store}/pending`), []);
  const files = filesBelow(`${store}/versions`);
  for (const path of files) {
    const record = recordIn(Deno.readFileSync(path.replace(/\.\w+$/, ".json")));
    assert.ok(record !== undefined, `${path} has no whole record`);
    const data = path.replace(/\.\w+$/, ".data");
    if (record.deleted) assert.ok(!files.includes(data), data);
    else assert.equal(Deno.statSync(data).size, record.size, path);
  }
}

export function isSameFile(a: string, b: string): boolean {
  const [one, two] = [Deno.lstatSync(a), Deno.lstatSync(b)];
  return one.ino === two.ino && one.dev === two.dev;
}
