/**
 * The suite that every store must pass. A store that cannot hold something says so in `holds`, and
 * is then tested for refusing it: never for a silent change.
 */
import type { ObjectStore } from "../../src/ports/object_store.ts";
import { type ArchiveHolds, registerArchiveCases } from "./conformance_archive.ts";
import { registerCopyDeleteCases } from "./conformance_copy_delete.ts";
import { registerKeyCases } from "./conformance_keys.ts";
import { registerListCases } from "./conformance_list.ts";
import { registerMultipartCases } from "./conformance_multipart.ts";
import { registerObjectCases } from "./conformance_objects.ts";

/** What a store, as the tests open it, can do. */
export interface Holds {
  /** Keeps every version and gives version IDs. */
  readonly versions: boolean;
  /** Holds any key of up to 1,024 bytes of UTF-8 exactly; else it must refuse what it cannot hold. */
  readonly oddKeys: boolean;
  /** Holds `a` and `a/b` at once; else it must refuse the second. */
  readonly nestedKeys: boolean;
  /** Checks the CRC32 of the whole object and returns it as `crc32:8 hex digits`. */
  readonly fullObjectCrc: boolean;
  /** Checks the CRC32 of each part on completion. */
  readonly partCrc: boolean;
  /** Honours If-None-Match. */
  readonly conditionalPut: boolean;
  /** A class other than STANDARD that it keeps, or undefined. */
  readonly storageClass: string | undefined;
  /** Says that an aborted upload is gone; else it fails in any way (moto: 500). */
  readonly goneUploads?: boolean;
  /** Lists open uploads by prefix. */
  readonly uploadPrefix: boolean;
  /** Honours If-None-Match as for a new key where the key is deleted (versitygw: 412). */
  readonly createsDeleted?: boolean;
  /** Honours x-amz-copy-source-if-match (moto does not look at it). */
  readonly copyIfMatch?: boolean;
  /** Tells a `?` in a copied key from the query behind it (versitygw: not `?versionId=`). */
  readonly exactCopySource?: boolean;
  /** Copies a delete marker as if it were an empty object (versitygw). */
  readonly copiesDeleted?: boolean;
  /** Makes a version of a copy onto itself (versitygw changes the metadata in place). */
  readonly versionsOfSelfCopy?: boolean;
  /** Tells the CRC32 of each part of an open upload. */
  readonly listsPartCrc?: boolean;
  /** Tells when an upload was begun (moto: always 2010). */
  readonly initiated?: boolean;
  /** How it keeps archive classes; absent where it has none and refuses to warm up. */
  readonly archive?: ArchiveHolds;
}

export interface OpenedStore {
  /** A store without objects. */
  readonly store: ObjectStore;
  close(): Promise<void>;
  readonly holds: Holds;
}

export interface ConformanceOptions {
  /** Shows every case as ignored: for a component that is not installed. */
  readonly ignore?: boolean;
  /** False where a client's connection pool outlives a test. */
  readonly sanitize?: boolean;
  /** For a store of which the other suites test the rest. */
  readonly archiveOnly?: boolean;
}

/** Registers one case: a sentence and what must hold of a store that was opened for it. */
export type RegisterCase = (
  sentence: string,
  check: (store: ObjectStore, holds: Holds) => Promise<void>,
) => void;

export function conformance(
  name: string,
  open: () => Promise<OpenedStore>,
  options: ConformanceOptions = {},
): void {
  const register: RegisterCase = (sentence, check) => {
    Deno.test({
      name: `${name}: ${sentence}`,
      ignore: options.ignore ?? false,
      sanitizeOps: options.sanitize ?? true,
      sanitizeResources: options.sanitize ?? true,
      fn: async () => {
        const opened = await open();
        try {
          await check(opened.store, opened.holds);
        } finally {
          await opened.close();
        }
      },
    });
  };
  registerArchiveCases(register);
  if (options.archiveOnly) return;
  registerObjectCases(register);
  registerListCases(register);
  registerKeyCases(register);
  registerMultipartCases(register);
  registerCopyDeleteCases(register);
}
