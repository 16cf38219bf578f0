import { HoldfastError, isKind } from "../core/error.ts";
import { parseDuration } from "../core/size_text.ts";

/** Where a repository is, as its URL says it. */
export type RepositoryPlace =
  | {
    readonly kind: "folder";
    /** Without parameters: they are how this machine opens the repository, not which one it is. */
    readonly url: string;
    readonly folder: string;
    /** Simulated archive classes: milliseconds of the Standard tier (docs/stores.md). */
    readonly warmUp?: number;
  }
  | { readonly kind: "s3"; readonly url: string; readonly bucket: string; readonly prefix: string };

const examples = "write s3://bucket/prefix or file:///folder";

/** Reads `s3://bucket[/prefix]` or `file:///folder[?warm_up=5s]`. Throws kind "usage". */
export function parseRepositoryUrl(text: string): RepositoryPlace {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1].toLowerCase();
  if (scheme === "s3") return s3Place(text);
  if (scheme === "file") return folderPlace(text);
  if (scheme === "glacier") {
    throw new HoldfastError("usage", "Glacier vaults are not available in this version", {
      hint: examples,
    });
  }
  const what = scheme === undefined ? "has no scheme" : `has the unknown scheme ${scheme}`;
  throw new HoldfastError("usage", `repository URL ${JSON.stringify(text)} ${what}`, {
    hint: text.startsWith("/") ? `write file://${text}` : examples,
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; "_" and capitals as old buckets and other servers have. */
const bucketName = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;

function s3Place(text: string): RepositoryPlace {
  const [bucket, ...segments] = text.slice("s3://".length).split("/");
  if (bucket.includes("@")) {
    throw new HoldfastError("usage", "a repository URL holds no credentials", {
      hint: "set a profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
    });
  }
  if (!bucketName.test(bucket)) {
    throw new HoldfastError("usage", `${JSON.stringify(bucket)} is not a bucket name`, {
      hint: examples,
    });
  }
  if (/[?#]/.test(text)) {
    throw new HoldfastError("usage", "an S3 repository URL has no parameters", {
      hint: "endpoint, region and the like are keys of their own",
    });
  }
  const prefix = segments.join("/").replace(/\/+$/, "");
  if (prefix.split("/").some((segment) => segment === "." || segment === "..")) {
    throw new HoldfastError("usage", `prefix ${JSON.stringify(prefix)} has a segment "." or ".."`, {
      hint: examples,
    });
  }
  return { kind: "s3", url: `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`, bucket, prefix };
}

function folderPlace(text: string): RepositoryPlace {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new HoldfastError("usage", `${JSON.stringify(text)} is not a URL`, {
      hint: examples,
      cause,
    });
  }
  if (url.host !== "") {
    throw new HoldfastError("usage", `file URL names a host ${JSON.stringify(url.host)}`, {
      hint: "write three slashes and an absolute folder: file:///folder",
    });
  }
  if (url.hash !== "") throw unknownParameter(url.hash);
  const warmUp = warmUpOf(url.searchParams);
  const folder = folderOf(url);
  if (folder === "/") {
    throw new HoldfastError("usage", "the root folder cannot be a repository", { hint: examples });
  }
  const plain = `file://${url.pathname.replace(/\/+$/, "")}`;
  return { kind: "folder", url: plain, folder, ...(warmUp === undefined ? {} : { warmUp }) };
}

function warmUpOf(parameters: URLSearchParams): number | undefined {
  for (const name of parameters.keys()) if (name !== "warm_up") throw unknownParameter(name);
  const [text, ...more] = parameters.getAll("warm_up");
  if (text === undefined) return undefined;
  const ms = more.length === 0 && /^\d/.test(text) ? durationOf(text) : 0;
  if (ms > 0) return ms;
  throw new HoldfastError("usage", `warm_up=${text} in the file URL is not one duration above 0`, {
    hint: "write how long the Standard tier takes, such as ?warm_up=5s or ?warm_up=12h",
  });
}

function durationOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (isKind(error, "usage")) return 0;
    throw error;
  }
}

function unknownParameter(text: string): HoldfastError {
  return new HoldfastError("usage", `unknown parameter ${JSON.stringify(text)} in the file URL`, {
    hint: "warm_up is the only one; in a folder's name write %3F for ? and %23 for #",
  });
}

function folderOf(url: URL): string {
  const path = decode(url.pathname).replace(/\/+$/, "") || "/";
  return /^\/[A-Za-z]:(\/|$)/.test(path) ? path.slice(1) : path;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new HoldfastError("usage", `the file URL's path ${JSON.stringify(path)} is damaged`, {
      hint: "write % as %25",
      cause,
    });
  }
}
