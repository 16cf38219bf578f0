/** How machines store what is encrypted, with which keys they have. */
import { type BodyCoding, bodyCoding } from "../../src/app/stored_body.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { Opener, Sealer } from "../../src/ports/cipher.ts";
import { newPair } from "../crypto/age_fixture.ts";

export interface Codings {
  /** Seals, and opens nothing: a machine that backs up. */
  readonly recipients: BodyCoding;
  /** Seals and opens. */
  readonly both: BodyCoding;
  /** Seals, and has another identity than the right one. */
  readonly wrong: BodyCoding;
  /** Encrypts nothing, and opens what is encrypted. */
  readonly reader: BodyCoding;
}

export interface AgeCodings extends Codings {
  readonly identity: string;
  readonly recipient: string;
}

interface Keys {
  readonly sealer: Sealer;
  readonly opener: Opener;
  readonly other: Opener;
}

export async function ageCodings(): Promise<AgeCodings> {
  const { identity, recipient, ...keys } = await newPair();
  const { opener: other } = await newPair();
  return { ...codingsOf({ ...keys, other }), identity, recipient };
}

/** The same without the arithmetic, for tests that store a thousand objects. */
export function fakeCodings(): Codings {
  let serial = 0;
  const sealer = {
    begin: () => Promise.reject(new Error("packs only")),
    seal: (plain: Uint8Array) => Promise.resolve(bytesOf("mine", ++serial % 256, plain)),
  };
  return codingsOf({ sealer, opener: fakeOpener("mine"), other: fakeOpener("theirs") });
}

function codingsOf({ sealer, opener, other }: Keys): Codings {
  const coding = (sealer: Sealer | undefined, opener: Opener | undefined) =>
    bodyCoding(platformHashing, {
      sealer: () => Promise.resolve(sealer),
      opener: () => Promise.resolve(opener),
    });
  return {
    recipients: coding(sealer, undefined),
    both: coding(sealer, opener),
    wrong: coding(sealer, other),
    reader: coding(undefined, opener),
  };
}

const HEAD = 8;

/** Name, a byte that is another one each time, and the content with that byte on it. */
function bytesOf(name: string, salt: number, plain: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(HEAD + plain.length);
  new TextEncoder().encodeInto(name, sealed);
  sealed[HEAD - 1] = salt;
  for (const [i, byte] of plain.entries()) sealed[HEAD + i] = byte ^ salt ^ 0xff;
  return sealed;
}

function fakeOpener(name: string): Opener {
  return {
    begin: () => Promise.reject(new Error("packs only")),
    open(sealed) {
      const found = new TextDecoder().decode(sealed.subarray(0, name.length));
      if (found === name) {
        const opened = bytesOf(name, sealed[HEAD - 1], sealed.subarray(HEAD)).subarray(HEAD);
        return Promise.resolve(opened);
      }
      const kind = sealed.length < HEAD ? "damage" : "key";
      return Promise.reject(new HoldfastError(kind, "it is sealed for somebody else"));
    },
  };
}
