import { dirname } from "node:path";
import { findRepository } from "../app/read_repository.ts";
import type { JobConfig } from "../cli/job_config.ts";
import type { RepositoryPlace } from "../cli/repository_url.ts";
import type { RunInput } from "../cli/runner.ts";
import { HoldfastError, isKind } from "../core/error.ts";
import { repositoryBelow } from "../core/mirror/object_key.ts";
import type { Environment } from "../ports/environment.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { storeOpener } from "./open_store.ts";

type Input = Pick<RunInput<unknown>, "job" | "output" | "signal">;

/**
 * Repositories lie beside each other: one within another's prefix would have keys that are the other's
 * paths, and each would take the other's objects for strangers. Throws kind "no-repository" where the
 * prefix of a new one is within another's, or another's within it.
 */
export async function refuseNested(
  input: Input,
  environment: Environment,
  open: () => ObjectStore,
): Promise<void> {
  const { repository } = input.job;
  // A folder store keeps its objects where no key of another one leads to.
  const below = repository.kind === "s3" ? await repositoryWithin(input, open) : undefined;
  if (below !== undefined) {
    throw nested(repository, `has another repository within it, at ${repository.url}/${below}`);
  }
  for (const place of placesAround(repository)) {
    if (!await isRepository(input, environment, place)) continue;
    throw nested(repository, `lies within the repository at ${place.url}`);
  }
}

/** Each that the key, or path, of this one is below. */
function placesAround(place: RepositoryPlace): RepositoryPlace[] {
  if (place.kind === "folder") {
    const { url: _, warmUp: __, ...rest } = place;
    const around: RepositoryPlace[] = [];
    for (let folder = dirname(place.folder); folder !== "/"; folder = dirname(folder)) {
      if (folder === dirname(folder)) break;
      around.push({ ...rest, folder, url: `file://${folder}` });
    }
    return around;
  }
  const segments = place.prefix === "" ? [] : place.prefix.split("/");
  return segments.map((_, length) => {
    const prefix = segments.slice(0, length).join("/");
    const url = `s3://${place.bucket}${prefix === "" ? "" : `/${prefix}`}`;
    return { ...place, prefix, url };
  });
}

/** False also where the credentials do not reach there: then nobody writes there with them either. */
async function isRepository(
  { job, output, signal }: Input,
  environment: Environment,
  repository: RepositoryPlace,
): Promise<boolean> {
  const there: JobConfig = { ...job, repository };
  const notice = (text: string) => output.signal({ kind: "notice", text });
  try {
    const store = (await storeOpener(there, environment, { readOnly: true, signal, notice }))();
    try {
      return await findRepository(store) !== undefined;
    } finally {
      store.close();
    }
  } catch (error) {
    if (isKind(error, "no-repository", "denied", "damage")) return isKind(error, "damage");
    throw error;
  }
}

/** A thousand keys each. */
const PAGES = 1000;

async function repositoryWithin(
  { output }: Input,
  open: () => ObjectStore,
): Promise<string | undefined> {
  const store = open();
  try {
    // One that is here is somebody's own: init says whose.
    if (await findRepository(store) !== undefined) return undefined;
    let pages = 0;
    for await (const page of store.list("")) {
      const [found] = page.flatMap(({ key }) => repositoryBelow(key) ?? []);
      if (found !== undefined) return found.slice(0, -1);
      if (++pages < PAGES) continue;
      const text =
        "so many objects are there already that only the first million were looked at: " +
        "see that no other repository is among them";
      output.signal({ kind: "notice", text });
      break;
    }
    return undefined;
  } finally {
    store.close();
  }
}

function nested({ url }: RepositoryPlace, how: string): HoldfastError {
  return new HoldfastError("no-repository", `${url} ${how}`, {
    context: { url },
    hint:
      "nothing was written; choose a prefix beside the other one, so that neither holds the other",
  });
}
