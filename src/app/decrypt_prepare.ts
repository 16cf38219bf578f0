import { type HoldfastError, isKind } from "../core/error.ts";
import type { Opener } from "../ports/cipher.ts";
import type { PackFile } from "../ports/pack_file.ts";
import { openLocalIndex } from "./decrypt_index.ts";
import { openHeader } from "./decrypt_stream.ts";
import type { IndexFile, OrderedPack, SurveyDeps } from "./decrypt_survey_state.ts";

/** What was fetched by hand. */
export interface PackFiles {
  readonly packs: readonly PackFile[];
  readonly indexes: readonly IndexFile[];
}

/**
 * What opens the encrypted ones; undefined where there are none. Throws kind "key" where no identity is
 * given, or the given ones open none of them.
 */
export async function proveIdentities(
  { packs, indexes }: PackFiles,
  identities: () => Promise<Opener | undefined>,
): Promise<Opener | undefined> {
  const encrypted = [...packs, ...indexes].filter(({ isEncrypted }) => isEncrypted);
  if (encrypted.length === 0) return undefined;
  const opener = await identities();
  let refusal: HoldfastError | undefined;
  for (const file of encrypted) {
    try {
      const handle = file.open();
      try {
        await openHeader(file, handle, opener);
        return opener;
      } finally {
        handle.close();
      }
    } catch (error) {
      if (!isKind(error, "damage", "key") || opener === undefined) throw error;
      if (error.kind === "key") refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
  return opener;
}

/**
 * Packs in the order in which they were made: as the first entries of their indexes say, where each has
 * one beside it, else as the files' own times do.
 */
export async function orderedPacks(
  deps: Pick<SurveyDeps, "hashing" | "opener">,
  { packs, indexes }: PackFiles,
): Promise<OrderedPack[]> {
  const byPack = new Map(indexes.map((index) => [index.pack, index]));
  const found = packs.map((file) => ({ file, index: byPack.get(file.pack ?? ""), position: 0 }));
  const isIndexed = found.every(({ index }) => index !== undefined);
  if (isIndexed) {
    for (const pack of found) pack.position = await firstPosition(deps, pack.index!);
  }
  return found
    .sort((a, b) =>
      a.position - b.position || a.file.modified - b.file.modified ||
      (a.file.name < b.file.name ? -1 : 1)
    )
    .map(({ file, index }, number) => ({
      ...{ file, index, number, ages: isIndexed ? "position" : "mtime" },
    }));
}

/** Of an index's first entry; 0 where it has none, or cannot be read: that is told later. */
async function firstPosition(
  { hashing, opener }: Pick<SurveyDeps, "hashing" | "opener">,
  index: IndexFile,
): Promise<number> {
  try {
    const { members } = await openLocalIndex(hashing, opener, index);
    for (const member of members) if (member.is === "entry") return member.position;
  } catch (error) {
    if (!isKind(error, "damage", "key", "failed")) throw error;
  }
  return 0;
}
