import { HoldfastError, messageOf } from "./error.ts";

/**
 * `.holdfast/repository.json`: what a prefix is. Format 1. Written once by `init`, with
 * If-None-Match, and refused where it is of another format, layout or id.
 */
export interface RepositoryFile {
  readonly format: 1;
  /** 32 hex digits. */
  readonly repository: string;
  readonly layout: "mirror";
  /** ISO 8601, UTC. */
  readonly created: string;
  /** The jobs' config sections, without secrets. */
  readonly jobs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly logs: readonly RepositoryLog[];
}

export interface RepositoryLog {
  readonly log: string;
  readonly job: string;
  /** Ed25519 public key that signs the log's heads, 64 hex digits. */
  readonly key: string;
  readonly host: string;
}

export function encodeRepository(file: RepositoryFile): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(file, null, 2) + "\n");
}

/** Throws kind "no-repository" where it is not a format, or layout, that this program knows. */
export function decodeRepository(bytes: Uint8Array, url: string): RepositoryFile {
  const context = { url };
  let file: { format?: unknown; layout?: unknown; repository?: unknown };
  try {
    file = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new HoldfastError(
      "damage",
      `repository.json of ${url} is not JSON: ${messageOf(cause)}`,
      {
        context,
        hint: "nothing was written; put back an older version of .holdfast/repository.json",
        cause,
      },
    );
  }
  if (file?.format !== 1) {
    throw new HoldfastError(
      "no-repository",
      `the repository at ${url} is of format ${
        JSON.stringify(file?.format)
      }, which this program does not know`,
      { context, hint: "use the newer program that made it; nothing was written" },
    );
  }
  if (file.layout !== "mirror") {
    throw new HoldfastError(
      "no-repository",
      `the repository at ${url} has the layout ${
        JSON.stringify(file.layout)
      }, which this program does not know`,
      { context, hint: "use the newer program that made it; nothing was written" },
    );
  }
  if (typeof file.repository !== "string" || !/^[0-9a-f]{32}$/.test(file.repository)) {
    throw new HoldfastError("damage", `repository.json of ${url} names no repository`, {
      context,
      hint: "nothing was written; put back an older version of .holdfast/repository.json",
    });
  }
  return file as RepositoryFile;
}

/** Throws kind "no-repository" where the repository is not the one that the job was made for. */
export function checkRepository(file: RepositoryFile, expected: string, url: string): void {
  if (file.repository === expected) return;
  throw new HoldfastError(
    "no-repository",
    `${url} holds the repository ${file.repository}, but this job belongs to ${expected}`,
    {
      context: { url, found: file.repository, expected },
      hint: "check `repository` of the job in the config; nothing was written",
    },
  );
}
