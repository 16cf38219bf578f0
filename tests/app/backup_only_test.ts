import assert from "node:assert/strict";
import { inWorld, type World } from "./app_world.ts";
import { failure, type Operation } from "./memory_store.ts";
import { content } from "../stores/store_probes.ts";
import { packKeys, packOptions, testKeys } from "./pack_world.ts";

/** What an interrupted run has left, finished by a key that may only store. */

const options = { partSize: 100, workers: 1 };
const text = Array.from({ length: 5 }, (_, i) => `${i}`.padEnd(100, "abc")).join("");

const READS: readonly Operation[] = ["get", "head", "copy", "delete", "listUploads"];
const OWN = /^\.holdfast\/(repository\.json|log\/|renames\/)/;

function mayOnlyStore(world: World): void {
  world.store.before = (operation, key) => {
    if (READS.includes(operation) && !OWN.test(key)) throw failure("denied", "AccessDenied", key);
  };
  world.store.after = () => {};
}

/** A run that ends because an answer is lost; the next one may only store. */
async function afterLost(
  world: World,
  at: Operation,
  more: Parameters<World["backup"]>[0] = {},
  isOf = (_: string) => true,
): Promise<void> {
  world.store.after = (operation, key) => {
    if (operation === at && isOf(key)) throw failure("unreachable", "Timeout", key);
  };
  await assert.rejects(world.backup({ ...options, ...more }), { kind: "unreachable" });
  world.reopen();
  mayOnlyStore(world);
  const report = await world.backup({ ...options, ...more });
  assert.equal(report.exitCode, 0);
  assert.ok(report.snapshot! > 0);
  world.verify();
}

Deno.test("an upload whose completion may not be looked at is sent once more", () =>
  inWorld(async (world) => {
    world.write("large", text);
    await afterLost(world, "completeUpload");
    assert.equal(new TextDecoder().decode(world.store.current("large")!.body), text);
    assert.equal(world.store.uploads.size, 0);
  }));

Deno.test("an upload that nobody knows the id of is left to the bucket's rule", () =>
  inWorld(async (world) => {
    world.write("large", text);
    await afterLost(world, "createUpload");
    assert.equal(new TextDecoder().decode(world.store.current("large")!.body), text);
    assert.equal(world.store.uploads.size, 1);
  }));

for (const operation of ["completeUpload", "put"] as const) {
  Deno.test(`a pack whose ${operation} was not answered is found by the list`, () =>
    inWorld(async (world) => {
      const packs = await packOptions(world, await testKeys());
      const [files, bytes] = operation === "put" ? [1, 10] : [6, 700_000];
      for (let at = 0; at < files; at++) {
        Deno.writeFileSync(`${world.source}/${at}`, content(bytes, at + 1));
      }
      const isPack = (key: string) => key.startsWith("packs/");
      await afterLost(world, operation, { partSize: 1 << 20, packs }, isPack);
      assert.equal(packKeys(world).length, 1);
    }));
}
