import assert from "node:assert/strict";
import fc from "fast-check";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import { bytesOf, failsWith, inByteOrder, listKeys, read } from "../store_probes.ts";
import { anyKey } from "./any_key.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { seed } from "../../seed.ts";

type Step =
  | { readonly do: "put"; readonly key: number; readonly ifNoneMatch: boolean }
  | { readonly do: "get"; readonly key: number }
  | { readonly do: "copy"; readonly key: number; readonly to: number }
  | { readonly do: "delete"; readonly key: number; readonly version: number | undefined }
  | { readonly do: "reopen" }
  | { readonly do: "list"; readonly key: number; readonly cut: number; readonly after: number };

const key = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("put" as const), key, ifNoneMatch: fc.boolean() }),
  fc.record({ do: fc.constant("get" as const), key }),
  fc.record({ do: fc.constant("copy" as const), key, to: key }),
  fc.record({
    do: fc.constant("delete" as const),
    key,
    version: fc.option(fc.nat(3), { nil: undefined }),
  }),
  fc.record({ do: fc.constant("reopen" as const) }),
  fc.record({ do: fc.constant("list" as const), key, cut: fc.nat(12), after: fc.nat(6) }),
);

Deno.test(`random histories on odd keys agree with a map in memory (seed ${seed})`, async () => {
  const keys = fc.uniqueArray(anyKey, { minLength: 6, maxLength: 6 });
  const steps = fc.array(step, { minLength: 4, maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(keys, steps, (keys, steps) => withFolder((root) => run(root, keys, steps))),
    { numRuns: 250, seed },
  );
});

interface World {
  readonly keys: readonly string[];
  /** Every version of every key: its ID and content. */
  readonly model: Map<string, { versionId: string; body: string }[]>;
  /** The version ID of each key that is not deleted. */
  readonly current: Map<string, string>;
}

async function run(root: string, keys: readonly string[], steps: readonly Step[]): Promise<void> {
  const world: World = { keys, model: new Map(), current: new Map() };
  let store = openAt(root, { create: true });
  for (const [i, step] of steps.entries()) {
    if (step.do === "put") await put(store, world, keys[step.key], `${i}`, step.ifNoneMatch);
    else if (step.do === "get") await get(store, world, keys[step.key]);
    else if (step.do === "copy") await copy(store, world, keys[step.key], keys[step.to]);
    else if (step.do === "delete") await drop(store, world, keys[step.key], step.version);
    else if (step.do === "list") await list(store, world, step);
    else {
      store.close();
      store = openAt(root, { create: true });
    }
  }
  store.close();
}

async function put(
  store: ObjectStore,
  world: World,
  key: string,
  body: string,
  ifNoneMatch: boolean,
): Promise<void> {
  const put = store.put(key, bytesOf(body), { ifNoneMatch });
  if (ifNoneMatch && world.current.has(key)) return void await failsWith(put, "conflict");
  remember(world, key, (await put).versionId!, body);
}

function remember({ model, current }: World, key: string, versionId: string, body: string): void {
  model.set(key, [...model.get(key) ?? [], { versionId, body }]);
  current.set(key, versionId);
}

async function copy(store: ObjectStore, world: World, key: string, to: string): Promise<void> {
  const { model, current } = world;
  const source = model.get(key)?.find(({ versionId }) => versionId === current.get(key));
  const copied = store.copy({ key, size: source?.body.length ?? 0 }, to, {});
  if (source === undefined) return void await failsWith(copied, "gone");
  remember(world, to, (await copied).versionId!, source.body);
}

async function drop(
  store: ObjectStore,
  { model, current }: World,
  key: string,
  version: number | undefined,
): Promise<void> {
  const versions = model.get(key) ?? [];
  const versionId = version === undefined ? undefined : versions[version]?.versionId;
  assert.deepEqual(await store.delete([{ key, versionId }]), []);
  if (versionId === undefined || versionId === current.get(key)) current.delete(key);
  model.set(key, versions.filter((kept) => kept.versionId !== versionId));
}

async function get(store: ObjectStore, { model, current }: World, key: string): Promise<void> {
  const versions = model.get(key) ?? [];
  for (const { versionId, body } of versions) {
    assert.deepEqual(await read(store, key, { versionId }), bytesOf(body));
  }
  const newest = versions.find(({ versionId }) => versionId === current.get(key));
  if (newest === undefined) assert.equal(await store.head(key), undefined);
  else assert.deepEqual(await read(store, key), bytesOf(newest.body));
}

async function list(
  store: ObjectStore,
  { keys, current }: World,
  step: Extract<Step, { do: "list" }>,
): Promise<void> {
  const prefix = Array.from(keys[step.key]).slice(0, step.cut).join("");
  const startAfter = keys[step.after] as string | undefined;
  const sorted = inByteOrder([
    ...current.keys(),
    ...(startAfter === undefined ? [] : [startAfter]),
  ]);
  const from = startAfter === undefined ? 0 : sorted.lastIndexOf(startAfter) + 1;
  const expected = sorted.slice(from).filter((key) => key.startsWith(prefix));
  assert.deepEqual(await listKeys(store, prefix, { startAfter }), expected);
}
