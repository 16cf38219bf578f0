import type { StoredEntry } from "./event.ts";

/**
 * The object that this one has the content of, and whose place it takes: by a copy in the store, or
 * because the source was sent once more under the key of its new path.
 */
export function copyOf(
  type: "ObjectsStored" | "ObjectCopied",
  { from, was, since, until }: StoredEntry,
): { readonly key: string; readonly stored: number } | undefined {
  if (from === undefined || was === undefined) return undefined;
  // Of another content an ObjectsStored does not say since when it is there.
  const isSame = type === "ObjectCopied" || (since !== undefined && until === undefined);
  return isSame ? { key: from, stored: was } : undefined;
}
