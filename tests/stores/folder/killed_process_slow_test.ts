import assert from "node:assert/strict";
import { bytesOf, listKeys, read } from "../store_probes.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { bodyOf } from "./putting_process.ts";
import { assertSwept } from "./store_inspection.ts";

const KILLS = 30;
const script = new URL("./putting_process.ts", import.meta.url).pathname;

Deno.test("a process killed 30 times while it puts tears nothing and loses no acknowledged version", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    await store.put("first", bytesOf("first"), {});
    const acknowledged: [string, number, string][] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      acknowledged.push(...await putUntilKilled(root, kill * 100_000, 20 + (kill * 53) % 150));
    }
    assert.ok(acknowledged.length > KILLS, `only ${acknowledged.length} puts were acknowledged`);
    for (const [key, round, versionId] of acknowledged) {
      assert.deepEqual(await read(store, key, { versionId }), bodyOf(key, round));
    }
    store.close();
    const next = openAt(root);
    await next.put("last", bytesOf("last"), {});
    assertSwept(root);
    for (const key of await listKeys(next, "")) {
      const body = await read(next, key);
      if (key.startsWith("dir")) {
        assert.deepEqual(await Deno.readFile(`${root}/${key}`), new Uint8Array(body));
      }
    }
    next.close();
  });
});

/** Kills the process `ms` after its first acknowledged put. */
async function putUntilKilled(
  root: string,
  from: number,
  ms: number,
): Promise<[string, number, string][]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, root, String(from)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    timer ??= setTimeout(() => child.kill("SIGKILL"), ms);
  }
  await child.status;
  clearTimeout(timer);
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}
