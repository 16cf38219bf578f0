import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { readBody } from "../app/read_body.ts";
import { type InventoryDeps, inventoryPages } from "../app/reconcile_inventory.ts";
import type { ObjectPages } from "../app/reconcile_merge.ts";
import type { ReconcileOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError, isKind, messageOf } from "../core/error.ts";
import {
  type InventoryManifest,
  type InventoryPart,
  readInventoryManifest,
} from "../core/inventory/inventory_manifest.ts";
import { isoTime } from "../core/time_text.ts";
import { readInventory } from "../inventory/read_inventory.ts";
import { systemEnvironment } from "./environment.ts";
import { storeOpener } from "./open_store.ts";

type Input = RunInput<ReconcileOptions>;

/** Where a report is: its manifest and what lies beside it, and the files that it names. */
interface ReportPlace {
  /** Undefined where there is no such file. */
  beside(name: string): Promise<Uint8Array | undefined>;
  open(manifest: InventoryManifest, part: InventoryPart): Promise<ReadableStream<Uint8Array>>;
}

/**
 * `--inventory`; undefined without it. Throws kind "usage" where the report is of another bucket or
 * is not there, "damage" where it is not as S3 wrote it.
 */
export async function openInventory(
  input: Input,
  deps: InventoryDeps,
): Promise<(() => ObjectPages) | undefined> {
  const { job: { repository }, options: { inventory: name }, output, stateFile } = input;
  if (name === undefined) return undefined;
  if (repository.kind !== "s3") {
    throw new HoldfastError(
      "usage",
      "--inventory is for buckets, and this repository is a folder",
      {
        hint: "leave it out: a folder is listed",
      },
    );
  }
  const place = name.startsWith("s3://") ? bucketPlace(input, name) : folderPlace(name);
  const manifest = await readManifest(place, name);
  if (manifest.sourceBucket !== repository.bucket) {
    throw new HoldfastError(
      "usage",
      `the inventory report is of the bucket ${manifest.sourceBucket}, not ${repository.bucket}`,
      { hint: "name the manifest.json of this repository's bucket" },
    );
  }
  const text =
    `by the inventory report of ${isoTime(manifest.created)}: what was stored since is ` +
    "looked at one by one";
  output.signal({ kind: "notice", text });
  const report = readInventory(manifest, {
    folder: dirname(stateFile),
    open: (part) => place.open(manifest, part),
  });
  const { prefix } = repository;
  const keyPrefix = prefix === "" ? "" : `${prefix}/`;
  return () => inventoryPages(report, { keyPrefix, name }, deps);
}

/** With manifest.checksum beside it, its MD5 is compared. */
async function readManifest(place: ReportPlace, name: string): Promise<InventoryManifest> {
  const body = await place.beside(basename(name));
  if (body === undefined) {
    throw new HoldfastError("usage", `--inventory: there is no ${name}`, {
      hint: "name the manifest.json of a report of S3 Inventory",
    });
  }
  const sum = await place.beside("manifest.checksum");
  const decoder = new TextDecoder();
  const wanted = sum === undefined ? undefined : decoder.decode(sum).trim().toLowerCase();
  if (wanted !== undefined && wanted !== createHash("md5").update(body).digest("hex")) {
    throw new HoldfastError("damage", `${name} is not what manifest.checksum beside it says`, {
      hint: "fetch both again",
    });
  }
  return readInventoryManifest(decoder.decode(body));
}

/** A report that was fetched: its files beside the manifest, or where they were in the bucket. */
function folderPlace(file: string): ReportPlace {
  const folder = dirname(file);
  return {
    beside: (name) => Promise.resolve(readFile(join(folder, name))),
    open(_, { key }) {
      const name = basename(key);
      const places = ["", "data", "../data"].map((inner) => join(folder, inner, name));
      for (const place of [...places, join(folder, key)]) {
        const found = openFile(place);
        if (found !== undefined) return Promise.resolve(found);
      }
      throw new HoldfastError("usage", `--inventory: ${name} is not beside ${file}`, {
        hint: `fetch ${key} into the manifest's folder, too, or into data/ beside that`,
      });
    },
  };
}

function readFile(path: string): Uint8Array | undefined {
  return ifThere(() => Deno.readFileSync(path));
}

function openFile(path: string): ReadableStream<Uint8Array> | undefined {
  return ifThere(() => Deno.openSync(path).readable);
}

function ifThere<Found>(look: () => Found): Found | undefined {
  try {
    return look();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new HoldfastError("usage", `--inventory: ${messageOf(cause)}`, {
      hint: "name the manifest.json of a report of S3 Inventory",
      cause,
    });
  }
}

/** A report where S3 put it; its bucket is opened as the job's is. */
function bucketPlace(input: Input, url: string): ReportPlace {
  const [bucket, ...names] = url.slice("s3://".length).split("/");
  const folder = names.slice(0, -1).map((name) => `${name}/`).join("");
  return {
    async beside(name) {
      const store = await bucketOf(input, bucket);
      try {
        return await readBody(await store.get(folder + name));
      } catch (error) {
        if (isKind(error, "gone") && error.context.code !== "NoSuchBucket") return undefined;
        throw error;
      } finally {
        store.close();
      }
    },
    async open({ bucket }, { key }) {
      const store = await bucketOf(input, bucket);
      const { stream } = await store.get(key);
      return stream.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({ flush: () => store.close() }),
      );
    },
  };
}

async function bucketOf({ job, signal, output }: Input, bucket: string) {
  const repository = { kind: "s3" as const, url: `s3://${bucket}`, bucket, prefix: "" };
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const open = await storeOpener({ ...job, repository }, systemEnvironment(), { signal, notice });
  return open();
}
