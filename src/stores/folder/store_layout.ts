import { join } from "node:path";
import { folderNames, pointerNames } from "./pointer_path.ts";

/** Paths below `<root>/.holdfast-store` (docs/stores.md). */
export interface StoreLayout {
  readonly root: string;
  readonly store: string;
  readonly format: string;
  readonly versions: string;
  readonly current: string;
  readonly pending: string;
  readonly uploads: string;
  readonly odd: string;
  /** The time of simulated archive classes; absent where that is the real time. */
  readonly clock: string;
}

export function storeLayout(root: string): StoreLayout {
  const store = join(root, ".holdfast-store");
  const below = (name: string) => join(store, name);
  return {
    root,
    store,
    format: below("format.json"),
    versions: below("versions"),
    current: below("current"),
    pending: below("pending"),
    uploads: below("uploads"),
    odd: below("odd"),
    clock: below("clock"),
  };
}

/** A version's immutable files: `versions/<batch>/<number>.data` and `.json`. */
export interface VersionPlace {
  readonly version: string;
  readonly folder: string;
  readonly data: string;
  readonly record: string;
}

/** Where a version lies; undefined for what is no version ID of a folder store. */
export function versionPlace(layout: StoreLayout, version: string): VersionPlace | undefined {
  const found = /^([0-9a-z]{9}-[0-9a-f]{12})-([0-9a-z]{3})$/.exec(version);
  if (found === null) return undefined;
  const folder = `${layout.versions}/${found[1]}`;
  return {
    version,
    folder,
    data: `${folder}/${found[2]}.data`,
    record: `${folder}/${found[2]}.json`,
  };
}

/** The n-th restore request (from 1) that was accepted for a version. */
export function restoreRequestPath({ folder, version }: VersionPlace, n: number): string {
  return `${folder}/${version.slice(-3)}.restore${n}`;
}

/** A file in a hierarchy of pointer names, and the folders above it. */
export interface PointerPlace {
  readonly base: string;
  readonly folders: readonly string[];
  readonly path: string;
}

export function pointerPlace(base: string, key: string): PointerPlace {
  const names = pointerNames(key);
  return { base, folders: names.slice(0, -1), path: `${base}/${names.join("/")}` };
}

export function pointerFolder(base: string, prefix: string): string {
  return [base, ...folderNames(prefix)].join("/");
}
