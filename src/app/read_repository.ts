import { HoldfastError, isKind } from "../core/error.ts";
import { REPOSITORY_KEY } from "../core/mirror/object_key.ts";
import {
  checkRecipients,
  checkRepository,
  decodeRepository,
  type RepositoryFile,
} from "../core/repository_file.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { readBody } from "./read_body.ts";

/** repository.json, or undefined where there is none. One request. */
export async function findRepository(store: ObjectStore): Promise<RepositoryFile | undefined> {
  try {
    return decodeRepository(await readBody(await store.get(REPOSITORY_KEY)), store.url);
  } catch (error) {
    if (isKind(error, "gone") && error.context.code !== "NoSuchBucket") return undefined;
    throw error;
  }
}

/** Throws kind "no-repository" where there is none: an unmounted target looks so, too. */
export async function readRepository(store: ObjectStore): Promise<RepositoryFile> {
  const file = await findRepository(store);
  if (file !== undefined) return file;
  throw new HoldfastError("no-repository", `there is no repository at ${store.url}`, {
    context: { url: store.url },
    hint: store.kind === "folder"
      ? "is the disk that holds it mounted? nothing was written; a new repository is made by `holdfast init`"
      : "check `repository` in the config; nothing was written; a new one is made by `holdfast init`",
  });
}

/** For commands that only look. Throws kind "no-repository" where it is not the log's. */
export async function readRepositoryOf(store: ObjectStore, log: JobLog): Promise<RepositoryFile> {
  const file = await readRepository(store);
  checkRepository(file, log.genesis.repository, store.url);
  return file;
}

/**
 * For runs, before they write anything: the repository is the log's, and encrypted for the
 * `recipients` of the job's config (none by default). Throws as the others, and kind "key" where they
 * are others, or one of the two has none: so nothing is ever written in clear beside what is encrypted.
 */
export async function readOwnRepository(
  store: ObjectStore,
  log: JobLog,
  recipients: readonly string[] = [],
): Promise<RepositoryFile> {
  const file = await readRepositoryOf(store, log);
  checkRecipients(file, recipients, store.url);
  return file;
}
