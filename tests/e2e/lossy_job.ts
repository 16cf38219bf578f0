/** A job with a history, in a bucket that has every kind of object, of which something is then lost. */
import { segmentOfKey } from "../../src/core/log_segment.ts";
import { shell } from "../sources/tree_tools.ts";
import { filesBelow } from "../stores/folder/store_inspection.ts";
import { freshBucket, type Gateway } from "./each_store.ts";
import { eventsOf, mustEnd, type Place } from "./holdfast.ts";
import { newIdentity } from "./pack_job.ts";
import { addConfig, s3Job, settle } from "./place.ts";

/** "Encrypted late": from its third backup on, so that the log has both forms. */
export const FORMS = ["mirror", "mirror, encrypted late", "pack", "pack, encrypted"] as const;
export type Form = typeof FORMS[number];

export interface LossyJob {
  readonly place: Place;
  /** What is in the bucket: the key of each object with the file that holds it. */
  readonly objects: ReadonlyMap<string, string>;
  /** Copies of the source at each snapshot, oldest first, by the snapshot's position. */
  readonly states: ReadonlyMap<number, string>;
  /** Id of the log that this machine writes. */
  readonly newest: string;
  /** Puts back all that the job has. */
  reset(): void;
}

export interface History {
  /** What happens to the tree before each backup behind the first. */
  readonly steps: readonly string[];
  readonly versioning: boolean;
  /** Backups before which another machine takes the job over, and behind which is a checkpoint. */
  readonly takeovers: readonly number[];
  readonly checkpoints: readonly number[];
}

/** Every content names its file and its age. */
const FIRST_TREE = `mkdir -p docs/letters albums/old gone swap
  for f in docs/one docs/letters/two albums/1 albums/2 albums/old/3 gone/1 gone/2 swap/x swap/y \\
    keep changes moves; do echo "$f at first" > $f; done; ln -s docs/one link; ln keep hard
  setfattr -n user.note -v "$(head -c 3000 /dev/zero | tr '\\0' n)" keep
  head -c 6000000 /dev/urandom > large
  long=$(printf 'x%.0s' $(seq 240)); deep=$long/$long/$long/$long; mkdir -p $deep; echo deep > $deep/$long`;

/** Renames, swaps, new files on old names, removals, changes of metadata. */
export const STEPS: readonly string[] = [
  `mv albums pictures; echo "changes, then" > changes; rm gone/1; chmod 600 docs/one; mv moves moved`,
  `mv swap/x t; mv swap/y swap/x; mv t swap/y; mkdir albums; echo "another albums/1" > albums/1
   mv pictures/old archive; touch -d 2020-01-01 keep; rm -r gone`,
  `mv docs papers; mv papers/letters/two two; echo "moves again" > moves; mv moved changes
   ln -sfn papers/one link; setfattr -n user.more -v x archive/3`,
  `mv pictures albums/inner; mv archive pictures; echo "two, changed" > two; mkdir new; echo new > new/file`,
];

/** One with all kinds of objects in it. */
export const FULL_HISTORY: History = {
  ...{ steps: STEPS, versioning: true, takeovers: [3], checkpoints: [1, 3] },
};

export async function makeLossyJob(
  form: Form,
  server: Gateway,
  empty: Place,
  { steps, versioning, takeovers, checkpoints }: History,
): Promise<LossyJob> {
  const { folder } = empty;
  const bucket = await freshBucket(server, { versioning });
  const identity = `${folder}/identity`;
  const recipient = await newIdentity(empty, identity);
  const keyed = { ...empty, env: { ...empty.env, HOLDFAST_IDENTITY_FILE: identity } };
  let place = await s3Job(keyed, server, bucket, {
    init: initOf(form, recipient),
    config: ['part_size = "5 MiB"'],
  });
  const states = new Map<number, string>();
  shell(folder, "mkdir states saved");
  for (const [i, step] of [FIRST_TREE, ...steps].entries()) {
    shell(`${folder}/src`, step);
    await settle();
    if (i === 2 && form === "mirror, encrypted late") {
      addConfig(place, [`recipients = ["${recipient}"]`]);
      await mustEnd(0, place, ["key", "recipients", "--confirm"]);
    }
    if (takeovers.includes(i)) {
      place = { ...place, state: `${folder}/machines/${i}/job.db` };
      await mustEnd(0, place, ["--yes", "takeover"]);
    }
    await mustEnd(0, place, ["backup", "--accept-deletions"]);
    if (checkpoints.includes(i)) await mustEnd(0, place, ["log", "checkpoint"]);
    shell(folder, `cp -a src states/${i}`);
    const position = (await eventsOf(place, "SnapshotCreated")).at(-1)!.position;
    states.set(position, `${folder}/states/${i}`);
  }
  const data = `${server.folder}/data/${bucket}`;
  const machine = place.state.slice(0, place.state.lastIndexOf("/"));
  const versions = `${server.folder}/versions/${bucket}`;
  const kept = [machine, data, versions, `${folder}/src`];
  Deno.mkdirSync(versions, { recursive: true });
  kept.forEach((path, i) => shell(folder, `cp -a ${path} saved/${i}`));
  const [{ newest }] = (await eventsOf(place, "LogSegmentShipped")).slice(-1)
    .map(({ data }) => ({ newest: segmentOfKey(data.key)!.log }));
  return {
    ...{ place, states, newest, objects: objectsIn(data) },
    reset() {
      shell(folder, "rm -rf out");
      kept.forEach((path, i) => shell(folder, `rm -rf ${path}; cp -a saved/${i} ${path}`));
    },
  };
}

function initOf(form: Form, recipient: string): string[] {
  switch (form) {
    case "mirror":
    case "mirror, encrypted late":
      return [];
    case "pack":
      return ["--layout", "pack", "--encryption", "none"];
    case "pack, encrypted":
      return ["--layout", "pack", "--recipient", recipient];
  }
}

function objectsIn(data: string): Map<string, string> {
  return new Map(
    filesBelow(data).map((file) => [file.slice(data.length + 1), file] as const)
      .filter(([key]) => !/^\.sgwtmp|^\.holdfast\/probe\//.test(key)),
  );
}

/** What the folder below `.holdfast/` is called, or "packs"; "content" for what has a path as its key. */
export function kindOf(key: string): string {
  const found = /^(?:\.holdfast\/([a-z]+)|(packs)\/)/.exec(key);
  return found?.[1] ?? found?.[2] ?? "content";
}

/** Each file of a folder by its path, with a hash of its content; symlinks are none. */
export function filesOf(folder: string): [path: string, content: string][] {
  const lines = shell(folder, "find . -type f -print0 | sort -z | xargs -0 -r sha256sum -z");
  return lines.split("\0").filter((line) => line !== "")
    .map((line) => [line.slice(68), line.slice(0, 64)]);
}

/** Of each path all contents that it ever had. */
export function contentsOf(states: Iterable<string>): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const state of states) {
    for (const [path, content] of filesOf(state)) {
      all.set(path, (all.get(path) ?? new Set()).add(content));
    }
  }
  return all;
}
