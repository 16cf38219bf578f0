import { HoldfastError, isKind } from "../core/error.ts";
import { AGE_CHUNK, AGE_TAG } from "../core/pack/pack_layout.ts";
import type { OpenedFile, Opener } from "../ports/cipher.ts";
import type { ObjectBody, ObjectStore } from "../ports/object_store.ts";
import { isColdRefusal } from "./cold_refusal.ts";
import { readBody } from "./read_body.ts";

/** An object of the mirror that is an age file. */
export interface SealedObject {
  readonly key: string;
  readonly version: string | null;
  readonly etag: string;
  /** Bytes of its header and nonce. */
  readonly header: number;
}

/** Makes content of what the objects of the mirror hold. */
export interface ContentOpener {
  /**
   * The content in an object's body, which is encrypted where `header` is not 0. Throws kind "key"
   * where no identity opens it, "damage" where it is not what was sealed: the last bytes come only
   * once it is certain that there are no more.
   */
  open(body: ObjectBody, object: Pick<SealedObject, "key" | "header">): AsyncIterable<Uint8Array>;
  /**
   * Tells a wrong identity from a foreign object, before anything is done: throws kind "key" where
   * none is given, or it opens none of the first few of these. Afterwards an object that it does not
   * open is a damaged one.
   */
  prove(objects: Iterable<SealedObject>): Promise<void>;
}

export interface ContentOpenerDeps {
  readonly store: ObjectStore;
  /** Asked when the first encrypted object is met; undefined where nobody named an identity. */
  readonly identities: () => Promise<Opener | undefined>;
}

/** Objects to be opened before an identity is called wrong. */
const SAMPLES = 8;
const SEALED = AGE_CHUNK + AGE_TAG;
const NOTHING = new Uint8Array(0);

export function contentOpener({ store, identities }: ContentOpenerDeps): ContentOpener {
  let isProven = false;

  async function begin(start: Uint8Array, { key, header }: NamedObject): Promise<OpenedFile> {
    const opener = await identities();
    if (opener === undefined) throw noIdentity(key);
    try {
      const opened = await opener.begin(start);
      if (opened.header === header) return opened;
    } catch (error) {
      if (isKind(error, "key")) throw isProven ? foreign(key, error) : otherKeys(key, error);
      throw isKind(error, "damage") ? damaged(key, error.message, error) : error;
    }
    throw damaged(key, `its header has not ${header} bytes any more`);
  }

  async function* opened(
    stream: ObjectBody["stream"],
    object: NamedObject,
  ): AsyncGenerator<Uint8Array> {
    const held = new Uint8Array(Math.max(object.header, SEALED));
    let chunk: OpenedFile["chunk"] | undefined;
    let [wanted, length, counter] = [object.header, 0, 0];
    for await (const bytes of stream) {
      for (let at = 0; at < bytes.length;) {
        // More follows, so what is held is not the last chunk.
        if (length === wanted) {
          const whole = held.subarray(0, wanted);
          if (chunk !== undefined) yield openChunk(object, chunk, whole, { counter: counter++ });
          else chunk = (await begin(whole, object)).chunk;
          [wanted, length] = [SEALED, 0];
        }
        const taken = bytes.subarray(at, at + wanted - length);
        held.set(taken, length);
        length += taken.length;
        at += taken.length;
      }
    }
    const rest = held.subarray(0, length);
    const payload = chunk === undefined ? NOTHING : rest;
    chunk ??= (await begin(rest, object)).chunk;
    yield openChunk(object, chunk, payload, { counter, last: true });
  }

  async function opens(object: SealedObject): Promise<true | HoldfastError> {
    try {
      await begin(await readStart(store, object), object);
      return true;
    } catch (error) {
      const said = ["key", "damage", "gone", "conflict", "refused"] as const;
      if (isKind(error, ...said)) return error;
      throw error;
    }
  }

  return {
    open: ({ stream }, object) => object.header === 0 ? stream : opened(stream, object),
    async prove(objects) {
      if (isProven) return;
      let refusal: HoldfastError | undefined;
      let isAnyCold = false;
      for (const object of firstOf(objects, SAMPLES)) {
        if (await identities() === undefined) throw noIdentity(object.key);
        const answer = await opens(object);
        if (answer === true) {
          isProven = true;
          return;
        }
        if (isKind(answer, "key")) refusal ??= answer;
        isAnyCold ||= isColdRefusal(answer);
      }
      if (refusal !== undefined) throw refusal;
      isProven = !isAnyCold;
    },
  };
}

type NamedObject = Pick<SealedObject, "key" | "header">;

async function readStart(store: ObjectStore, object: SealedObject): Promise<Uint8Array> {
  const { key, version, etag, header } = object;
  const range = { offset: 0, length: header };
  const which = version === null ? { ifMatch: etag } : { versionId: version };
  return await readBody(await store.get(key, { ...which, range }));
}

/** Each key once. */
function* firstOf(objects: Iterable<SealedObject>, most: number): Generator<SealedObject> {
  const seen = new Set<string>();
  for (const object of objects) {
    if (seen.has(object.key)) continue;
    seen.add(object.key);
    yield object;
    if (seen.size === most) return;
  }
}

function openChunk(
  { key }: NamedObject,
  chunk: OpenedFile["chunk"],
  sealed: Uint8Array,
  { counter, last = false }: { counter: number; last?: boolean },
): Uint8Array {
  try {
    return chunk(sealed, { counter, last });
  } catch (error) {
    throw isKind(error, "damage") ? damaged(key, error.message, error) : error;
  }
}

function damaged(key: string, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError("damage", `the stored content is damaged: ${what}`, {
    ...{ context: { key }, cause },
  });
}

/** The given keys open others: what wraps its key is damaged, or others have put it there. */
function foreign(key: string, cause: HoldfastError): HoldfastError {
  const what =
    `${key} is sealed for other keys than the given, which open other objects (name the ` +
    "identities of former recipients, too)";
  return damaged(key, what, cause);
}

function otherKeys(key: string, cause: HoldfastError): HoldfastError {
  return new HoldfastError("key", `${key} is sealed for other keys than the given ones`, {
    context: { key },
    hint: cause.hint ?? "name the identity file of one of its recipients with --identity",
    cause,
  });
}

function noIdentity(key: string): HoldfastError {
  return new HoldfastError("key", `${key} is encrypted, and no identity is given`, {
    context: { key },
    hint: "name the identity file with --identity or HOLDFAST_IDENTITY_FILE; nothing was changed",
  });
}
