import { HoldfastError, isKind } from "../core/error.ts";
import { AGE_HEADER_MOST, packIndexKey, packOfKey } from "../core/pack/pack_layout.ts";
import type { Opener } from "../ports/cipher.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { WaitingFiles } from "../ports/waiting_files.ts";
import { readBody } from "./read_body.ts";

/** Objects to be opened before an identity is called wrong. */
const SAMPLES = 8;

/**
 * Tells a wrong identity before anything archived is paid for: what is cold cannot be opened, but
 * what was sealed beside it, and is never archived, can: the indexes of packs, and the log's segments.
 * Throws kind "key" where the identities open none of the first few; where there are none of these,
 * nothing is proven.
 */
export async function proveColdKeys(
  { store, identities }: {
    readonly store: ObjectStore;
    readonly identities: () => Promise<Opener | undefined>;
  },
  index: IndexModel,
  files: WaitingFiles,
): Promise<void> {
  const keys = sealedBeside(index, files);
  if (keys.length === 0) return;
  const opener = await identities();
  let refusal: HoldfastError | undefined;
  for (const key of keys) {
    if (opener === undefined) throw noIdentity(key);
    try {
      const range = { offset: 0, length: AGE_HEADER_MOST };
      await opener.begin(await readBody(await store.get(key, { range })));
      return;
    } catch (error) {
      if (isKind(error, "key")) refusal ??= error;
      else if (!isKind(error, "gone", "damage", "refused")) throw error;
    }
  }
  if (refusal !== undefined) throw refusal;
}

/** Of packs that are waited for their indexes; else segments of the log, from the first to the last. */
function sealedBeside(index: IndexModel, files: WaitingFiles): string[] {
  const keys: string[] = [];
  for (const { key } of files.objects()) {
    const pack = packOfKey(key);
    if (pack === undefined || !pack.isEncrypted) continue;
    keys.push(packIndexKey(pack.pack, true));
    if (keys.length === SAMPLES) return keys;
  }
  if (keys.length > 0) return keys;
  const sealed = index.segments("segment").map(({ key }) => key).filter((key) =>
    key.endsWith(".age")
  );
  const step = Math.max(1, (sealed.length - 1) / (SAMPLES - 1));
  const places = Array.from({ length: SAMPLES }, (_, i) => Math.round(i * step));
  return [...new Set(places)].flatMap((at) => sealed[at] ?? []);
}

function noIdentity(key: string): HoldfastError {
  return new HoldfastError("key", "what is archived is encrypted, and no identity is given", {
    context: { key },
    hint: "name the identity file with --identity or HOLDFAST_IDENTITY_FILE; nothing was asked for",
  });
}
