/** Jobs of the pack layout, and their packs as other programs see them. */
import { run, shell } from "../sources/tree_tools.ts";
import type { InitJob } from "./each_store.ts";
import { mustEnd, type Place } from "./holdfast.ts";
import { type JobOptions, withPlace } from "./place.ts";

/** A place that has an identity, named by its environment, and the arguments that make a job for it. */
export interface KeyedPlace {
  readonly place: Place;
  readonly identity: string;
  readonly recipient: string;
  readonly init: readonly string[];
}

export function withKeyedPlace(use: (keyed: KeyedPlace) => Promise<void>): Promise<void> {
  return withPlace(async (empty) => await use(await keyedPlace(empty)));
}

export async function keyedPlace(empty: Place): Promise<KeyedPlace> {
  const identity = `${empty.folder}/identity.txt`;
  const recipient = await newIdentity(empty, identity);
  const env = { ...empty.env, HOLDFAST_IDENTITY_FILE: identity };
  const init = ["--layout", "pack", "--recipient", recipient];
  return { place: { ...empty, env }, identity, recipient, init };
}

/** Makes an identity file; its recipient. */
export async function newIdentity(place: Place, file: string): Promise<string> {
  const made = await mustEnd(0, { ...place, config: "", state: "" }, [
    ...["key", "generate", "--output", file],
  ]);
  return /age1[0-9a-z]+/.exec(made.stdout)![0];
}

/** The job in the pack layout on one of the stores. */
export async function packJob(
  { place, init }: KeyedPlace,
  make: InitJob,
  options: JobOptions = {},
): Promise<Place> {
  return await make(place, { ...options, init: [...init, ...options.init ?? []] });
}

/** Files below a folder whose names end so. */
export function filesEnding(folder: string, ending: string): string[] {
  return shell(folder, `find "$PWD" -type f -name '*${ending}' | sort`).trimEnd().split("\n")
    .filter((file) => file !== "");
}

/** What `tar -t` says is in a pack, by age, zstd and tar of the system. */
export function namesByTar(folder: string, identity: string, pack: string): string[] {
  const line = `age -d -i '${identity}' '${pack}' | zstd -dc | tar -t --quoting-style=literal`;
  const said = run("bash", ["-ec", `set -o pipefail; ${line} 2>/dev/null`], { cwd: folder });
  return said.trimEnd().split("\n").filter((name) => name !== "");
}

/** What a pack's index says is in it, without the lines that are no members. */
export function namesByIndex(folder: string, identity: string, index: string): string[] {
  const lines = shell(folder, `age -d -i '${identity}' '${index}' | zstd -dc`).trimEnd().split("\n")
    .slice(2).map((line) => JSON.parse(line));
  const names: string[] = [];
  let at = "";
  for (const line of lines) {
    if (line.folder !== undefined) at = line.folder === "" ? "" : `${line.folder}/`;
    if (line.chunk !== undefined) {
      const hash = Uint8Array.fromBase64(line.chunk, { alphabet: "base64url" }).toHex();
      names.push(`.holdfast/chunks/${hash}`);
    }
    if (line.name === undefined || line.at === null) continue;
    const suffix = line.list !== undefined ? ".holdfast-chunks" : line.type === "folder" ? "/" : "";
    names.push(`${at}${line.name}${suffix}`);
  }
  return names;
}
