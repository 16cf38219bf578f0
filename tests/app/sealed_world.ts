/** A mirror whose job encrypts, and machines with and without its identity. */
import assert from "node:assert/strict";
import type { EncryptionOptions } from "../../src/app/store_context.ts";
import { bodyCoding } from "../../src/app/stored_body.ts";
import { decodeMetadata, METADATA_NAME } from "../../src/core/mirror/object_metadata.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPair, type Pair } from "../crypto/age_fixture.ts";
import { inWorld, putRepository, treeOf, type World } from "./app_world.ts";
import type { MemoryStoreOptions } from "./memory_store.ts";

export interface SealedWorld extends World {
  readonly keys: Pair;
  readonly encryption: EncryptionOptions;
  /** A backup of the job as it encrypts. */
  sealed(more?: Parameters<World["backup"]>[0]): ReturnType<World["backup"]>;
  /** The tree that comes back. */
  back(name: string, more?: Parameters<World["restore"]>[1]): Promise<Record<string, string>>;
  /** The plaintext of an object. */
  opened(key: string): Promise<string>;
}

export function inSealedWorld(
  work: (world: SealedWorld) => Promise<void>,
  options: MemoryStoreOptions = {},
): Promise<void> {
  return inWorld(async (world) => {
    const keys = await newPair();
    await work(sealedWorld(world, keys));
  }, options);
}

export function encryptionFor({ sealer, opener, recipient }: Pair): EncryptionOptions {
  const coding = bodyCoding(platformHashing, {
    sealer: () => Promise.resolve(sealer),
    opener: () => Promise.resolve(opener),
  });
  return { sealer, coding, recipients: [recipient] };
}

function sealedWorld(world: World, keys: Pair): SealedWorld {
  const encryption = encryptionFor(keys);
  return Object.assign(world, {
    ...{ keys, encryption },
    sealed: (more: Parameters<World["backup"]>[0] = {}) => world.backup({ encryption, ...more }),
    async back(name: string, more: Parameters<World["restore"]>[1] = {}) {
      const to = `${world.folder}/${name}`;
      const report = await world.restore(to, { opener: keys.opener, ...more });
      assert.equal(report.exitCode, 0);
      return treeOf(to);
    },
    async opened(key: string) {
      return new TextDecoder().decode(await keys.opener.open(world.store.current(key)!.body));
    },
  });
}

/** As the config of a job that encrypts no more, or for others. */
export function repositoryFor(world: World, recipients: readonly string[] = []): void {
  putRepository(world.store, "mirror", recipients);
}

export function metadataOf({ store }: World, key: string) {
  return decodeMetadata(store.current(key)!.head.metadata[METADATA_NAME] ?? "");
}

/** Changes the bytes of the current object, as a failing disk would: nothing else tells of it. */
export function spoil(
  { store }: World,
  key: string,
  change: (body: Uint8Array) => Uint8Array,
): void {
  const versions = store.objects.get(key)!;
  const { body, head } = versions.at(-1)!;
  versions.splice(-1, 1, { body: change(body.slice()), head });
}

export const flipped = (at: number) => (body: Uint8Array) => {
  body[at < 0 ? body.length + at : at] ^= 1;
  return body;
};
