import { HoldfastError, isKind } from "../core/error.ts";
import { REPOSITORY_KEY } from "../core/mirror/object_key.ts";
import { decodeRepository, type RepositoryFile } from "../core/repository_file.ts";
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
