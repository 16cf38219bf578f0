import { HoldfastError, messageOf } from "./error.ts";
import type { Layout } from "./event/event.ts";
import { sameRecipients, shortRecipient } from "./recipient.ts";

/**
 * `.holdfast/repository.json`: what a prefix is. Format 1. Written by `init`, with If-None-Match, and
 * again by `key recipients`. Refused where it is of another format, layout or id.
 */
export interface RepositoryFile {
  readonly format: 1;
  /** 32 hex digits. */
  readonly repository: string;
  readonly layout: Layout;
  /** ISO 8601, UTC. */
  readonly created: string;
  /**
   * age recipients that is encrypted for, left out where nothing is. For information: the config of
   * the machine that backs up decides, and stops where they differ.
   */
  readonly recipients?: readonly string[];
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

/** With the job's section and recipients as they are now; all else stays, also what is not known. */
export function withRecipients(
  { recipients: _, ...file }: RepositoryFile,
  job: string,
  { recipients, config }: {
    readonly recipients: readonly string[];
    readonly config: Readonly<Record<string, unknown>>;
  },
): RepositoryFile {
  const { format, repository, layout, created, jobs, ...others } = file;
  return {
    ...{ format, repository, layout, created },
    ...(recipients.length === 0 ? {} : { recipients }),
    jobs: { ...jobs, [job]: config },
    ...others,
  };
}

/** Throws kind "no-repository" where it is not a format, or layout, that this program knows. */
export function decodeRepository(bytes: Uint8Array, url: string): RepositoryFile {
  const context = { url };
  let file: { format?: unknown; layout?: unknown; repository?: unknown; recipients?: unknown };
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
  if (file.layout !== "mirror" && file.layout !== "pack") {
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
  const { recipients = [] } = file;
  if (!Array.isArray(recipients) || recipients.some((each) => typeof each !== "string")) {
    throw new HoldfastError("damage", `the recipients in repository.json of ${url} are no list`, {
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

/** Throws kind "no-repository" where the job's config names another layout than the repository has. */
export function checkLayout({ layout }: RepositoryFile, expected: Layout, url: string): void {
  if (layout === expected) return;
  throw new HoldfastError(
    "no-repository",
    `the repository at ${url} has the layout ${JSON.stringify(layout)}, and this job the layout ` +
      JSON.stringify(expected),
    {
      context: { url },
      hint:
        `a repository keeps its layout: write layout = "${layout}" into the job's section, or ` +
        "choose another prefix; nothing was written",
    },
  );
}

/**
 * Throws kind "key" where the repository was last written for other recipients than the config names:
 * one of the two was changed, and whoever did it has to say so before anything is encrypted.
 */
export function checkRecipients(
  { recipients = [] }: RepositoryFile,
  expected: readonly string[],
  url: string,
): void {
  if (sameRecipients(recipients, expected)) return;
  throw new HoldfastError(
    "key",
    `the recipients in the config are not those that ${url} is encrypted for`,
    {
      context: {
        ...listed("only in the config", expected, recipients),
        ...listed("only in the repository", recipients, expected),
      },
      hint: "nothing was written; where the config is right, `holdfast key recipients --confirm` " +
        "makes it known, else put `recipients` of the job's section back as it was",
    },
  );
}

function listed(
  name: string,
  some: readonly string[],
  others: readonly string[],
): Record<string, string> {
  const alone = some.filter((recipient) => !others.includes(recipient)).map(shortRecipient);
  return alone.length === 0 ? {} : { [name]: alone.join(", ") };
}
