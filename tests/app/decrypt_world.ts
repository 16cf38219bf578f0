import { dirname } from "node:path";
import { decryptPacks, type DecryptReport, listPacks } from "../../src/app/decrypt_packs.ts";
import type { Overwrite } from "../../src/app/restore_conflict.ts";
import { PACK_INDEX_PREFIX, PACKS_PREFIX } from "../../src/core/pack/pack_layout.ts";
import type { Signal } from "../../src/core/signal.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { Opener } from "../../src/ports/cipher.ts";
import { sqliteCatalog } from "../../src/sqlite/member_catalog.ts";
import { openLocalTarget } from "../../src/targets/local/local_target.ts";
import { findLocalPacks } from "../../src/wiring/local_packs.ts";
import type { World } from "./app_world.ts";

/** What a person fetches by hand: the packs in the store, and their indexes, into a folder. */
export function fetchPacks(
  { store, folder }: World,
  { indexes }: { readonly indexes: boolean },
): string {
  const to = `${folder}/fetched`;
  const prefixes = [PACKS_PREFIX, ...(indexes ? [PACK_INDEX_PREFIX] : [])];
  for (const key of store.objects.keys()) {
    const object = store.current(key);
    if (object === undefined || !prefixes.some((prefix) => key.startsWith(prefix))) continue;
    Deno.mkdirSync(dirname(`${to}/${key}`), { recursive: true });
    Deno.writeFileSync(`${to}/${key}`, object.body as Uint8Array<ArrayBuffer>);
  }
  return to;
}

export interface DecryptSetting {
  readonly opener?: Opener;
  readonly overwrite?: Overwrite;
  readonly signal?: AbortSignal;
}

export interface Decrypted extends DecryptReport {
  /** `path: reason` of what failed. */
  readonly failures: string[];
}

/** Decrypts what is in a folder, or a pack. */
export async function decrypt(
  world: World,
  from: string | readonly string[],
  to: string,
  { opener, overwrite = "never", signal = new AbortController().signal }: DecryptSetting = {},
): Promise<Decrypted> {
  const failures: string[] = [];
  const report = await decryptPacks(
    {
      ...listDeps(world, failures, { opener, signal }),
      openTarget: () => openLocalTarget(to, { random: world.environment.random.bytes }),
      openCatalog: () => sqliteCatalog(dirname(world.stateFile)),
    },
    findLocalPacks([from].flat()),
    { overwrite },
  );
  return { ...report, failures };
}

/** Paths that `decrypt --dry-run` lists, each behind its pack's number. */
export async function listed(
  world: World,
  from: string,
  opener?: Opener,
): Promise<Decrypted & { readonly paths: string[] }> {
  const failures: string[] = [];
  const paths: string[] = [];
  const signal = new AbortController().signal;
  const deps = listDeps(world, failures, { opener, signal });
  const report = await listPacks(deps, findLocalPacks([from]), ({ path, age }) => {
    paths.push(`${age.pack} ${path}`);
  });
  return { ...report, failures, paths };
}

function listDeps(
  { environment }: World,
  failures: string[],
  { opener, signal }: { readonly opener: Opener | undefined; readonly signal: AbortSignal },
) {
  return {
    ...{ hashing: platformHashing, clock: environment.clock, signal, windows: false },
    identities: () => Promise.resolve(opener),
    emit(told: Signal) {
      if (told.kind === "entry-error") failures.push(`${told.path}: ${told.reason}`);
    },
  };
}
