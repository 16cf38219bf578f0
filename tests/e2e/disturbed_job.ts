/**
 * A job with one backup behind it and one of every change before it, that can be put back to where
 * it was: what a run was stopped at, the next one must end as one that nothing has stopped.
 */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { differences } from "./compare.ts";
import { freshBucket, type Gateway, withGateway } from "./each_store.ts";
import { type CountingProxy, startCountingProxy } from "./counting_proxy.ts";
import { mustEnd, type Place } from "./holdfast.ts";
import { folderJob, s3Job, settle, withPlace } from "./place.ts";
import { listUploads, listVersions } from "./store_look.ts";
import { keysOfOpenUploads } from "../stores/folder/store_inspection.ts";

export interface DisturbedJob {
  readonly place: Place;
  /** In front of the server, where the store is one. */
  readonly proxy?: CountingProxy;
  /** Database and store as they were after the first backup; the source stays changed. */
  reset(): void;
  /** What must be the same whatever has happened to a run before. */
  state(looks?: Looks): Promise<DisturbedState>;
}

export interface Looks {
  /** `ls` and `log verify` take time: where the place is a request, `check` and `restore` do. */
  readonly listing?: boolean;
}

export interface DisturbedState {
  /** As `ls` has them. */
  readonly entries: readonly string[];
  /** "key size" of what is not part of the log, positions left out. */
  readonly objects: readonly string[];
  readonly uploads: readonly string[];
}

/** The run that is stopped, and the one that comes after it. */
export const RUN = ["backup", "--delete"];

const options = {
  config: ['part_size = "5 MiB"', "upload_workers = 2"],
};

/** Made before the first backup. */
function makeTree(folder: string): void {
  shell(
    folder,
    `mkdir -p docs/letters chain swap albums/old/deep onto gone/sub reuse case nest/inner left right
     for f in docs/one docs/letters/two chain/a chain/b swap/x swap/y albums/1 albums/2 albums/old/3 \
       albums/old/deep/4 albums/stays-changed onto/from onto/to gone/1 gone/sub/2 gone/keep reuse/name \
       case/Name nest/inner/file left/l right/r linked touched grown moved-and-grown attributes twin
     do echo "this is $f" > $f; done
     ln -s 1 albums/link; ln -s docs/one soft; cp twin twin-2; ln chain/b hard
     setfattr -n user.note -v "$(head -c 3000 /dev/zero | tr '\\0' n)" attributes`,
  );
}

/** What the run that is stopped finds. */
function changeTree(folder: string): void {
  shell(
    folder,
    `mv chain/b chain/c; mv chain/a chain/b; mv swap/x t; mv swap/y swap/x; mv t swap/y
     mv albums pictures; echo changed >> pictures/stays-changed; echo new > pictures/old/new
     mv onto/from onto/to; rm -r gone/sub gone/1; mv gone/keep kept; rmdir gone
     mv reuse/name reuse/other; echo "another file" > reuse/name; mv case/Name case/name
     mv nest/inner out; mv out/file out/renamed; mv left t; mv right left; mv t right
     ln linked linked-too; chmod 600 touched; echo more >> grown; mv moved-and-grown m
     echo more >> m; mv attributes attributes-moved; rm twin; mv twin-2 twin-3
     mkdir -p fresh/empty; echo new > fresh/file; echo new > fresh-file; ln -sfn docs/letters soft
     head -c 5800K /dev/zero | tr '\\0' x > large`,
  );
}

/** Calls `use` with the job on an unversioned bucket. */
export function onServer(
  use: (job: DisturbedJob) => Promise<void>,
  { versioning = false }: { versioning?: boolean } = {},
): Promise<void> {
  return withGateway(async (server) => {
    const proxy = startCountingProxy(server.endpoint);
    try {
      await withPlace(async (empty) => {
        const bucket = await freshBucket(server, { versioning });
        const init = () => s3Job(empty, { ...server, endpoint: proxy.endpoint }, bucket, options);
        const store = [`${server.folder}/data/${bucket}`, `${server.folder}/versions/${bucket}`];
        const job = await prepared(empty, init, store, () => serverState(server, bucket));
        await use({ ...job, proxy });
      });
    } finally {
      await proxy.stop();
    }
  });
}

/** Calls `use` with the job on a folder store. */
export function onFolderStore(use: (job: DisturbedJob) => Promise<void>): Promise<void> {
  return withPlace(async (empty) => {
    const store = `${empty.folder}/store`;
    // Versions are kept: whether a file that was moved is an alias, or stored anew because the run
    // that saw it moved was cut off, is not the same for each place.
    const state = async () => ({ uploads: await keysOfOpenUploads(store), objects: [] });
    await use(await prepared(empty, () => folderJob(empty, options), [store], state));
  });
}

type StoreState = Omit<DisturbedState, "entries">;

async function serverState(server: Gateway, bucket: string): Promise<StoreState> {
  const versions = await listVersions(server, bucket);
  const objects = versions.map((line) => line.replace(/ \S+ "[^"]*" (\d+)$/, " $1"));
  return { objects: named(objects), uploads: await listUploads(server, bucket) };
}

/**
 * Keys that hold positions differ by how many events a run has. Sidecars that no object names any
 * more are left to `prune` by every run, and so are not compared.
 */
function named(objects: readonly string[]): string[] {
  return objects
    .filter((line) => !/(^|\/)\.holdfast\/(log|renames|checkpoints|sidecars)\//.test(line))
    .map((line) => line.replace(/(\.holdfast\/\w+\/)[^/]+\/[^/ ]+/, "$1…"))
    .sort();
}

async function prepared(
  empty: Place,
  init: () => Promise<Place>,
  store: readonly string[],
  storeState: () => Promise<StoreState>,
): Promise<DisturbedJob> {
  const { folder } = empty;
  makeTree(`${folder}/src`);
  await settle();
  const place = await init();
  await mustEnd(0, place, ["backup"]);
  changeTree(`${folder}/src`);
  await settle();
  const kept = [`${folder}/state`, ...store].filter((path) => exists(path));
  shell(folder, "mkdir saved");
  kept.forEach((path, i) => shell(folder, `cp -a ${path} saved/${i}`));
  return {
    place,
    reset() {
      kept.forEach((path, i) => shell(folder, `rm -rf ${path}; cp -a saved/${i} ${path}`));
    },
    async state({ listing = true } = {}) {
      if (!listing) return { entries: [], ...await storeState() };
      const { stdout } = await mustEnd(0, place, ["--json", "ls", "-r", "-l"]);
      // The notice before them tells the snapshot's time.
      const entries = stdout.split("\n").filter((line) => line.includes('"record":"entry"'));
      return { entries, ...await storeState() };
    },
  };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Fails where the run after a stopped one has left anything else than one that nothing stopped. */
export async function assertSameState(
  { place, state }: DisturbedJob,
  expected: DisturbedState,
  looks: Looks = {},
): Promise<void> {
  const { folder } = place;
  const found = await state(looks);
  assert.deepEqual(found.uploads, []);
  assert.deepEqual(found.objects, expected.objects);
  if (looks.listing !== false) {
    assert.deepEqual(found.entries, expected.entries);
    await mustEnd(0, place, ["log", "verify"]);
  }
  await mustEnd(0, place, ["check"]);
  await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
  assert.equal(differences(`${folder}/src`, `${folder}/out`), "");
  shell(folder, "rm -r out");
}
