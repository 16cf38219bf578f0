import { HoldfastError, isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { type BodySuffix, suffixOf } from "../core/sealed_name.ts";
import type { Opener, Sealer } from "../ports/cipher.ts";
import type { Hashing } from "../ports/hashing.ts";

/**
 * The form in which the log, renames objects, checkpoints and sidecars are stored: one zstd frame, as
 * an age file where the job encrypts. Their names tell the form.
 */
export interface BodyCoding {
  pack(plain: Uint8Array): Promise<PackedBody>;
  /**
   * The zstd frame of a stored body. Throws kind "key" where no identity opens it, "damage" where it
   * is no age file although its name says so.
   */
  open(key: string, stored: Uint8Array): Promise<Uint8Array>;
  /** What was packed. Throws as `open`, and kind "damage" where it is no zstd frame. */
  unpack(key: string, stored: Uint8Array): Promise<Uint8Array>;
}

export interface PackedBody {
  readonly body: Uint8Array;
  /** Of the body, 64 hex digits. */
  readonly sha256: string;
  /** What its name ends in. */
  readonly suffix: BodySuffix;
  readonly contentType: string;
}

/** Each is asked once, when it is first needed: an identity may be sealed by a passphrase. */
export interface BodyKeys {
  /** Undefined where the job does not encrypt. */
  readonly sealer: () => Promise<Sealer | undefined>;
  /** Undefined where no identity was named. */
  readonly opener: () => Promise<Opener | undefined>;
}

export function bodyCoding(hashing: Hashing, { sealer, opener }: BodyKeys): BodyCoding {
  let sealing: Promise<Sealer | undefined> | undefined;
  let opening: Promise<Opener | undefined> | undefined;

  async function open(key: string, stored: Uint8Array): Promise<Uint8Array> {
    if (suffixOf(key) === "") return stored;
    const found = await (opening ??= opener());
    if (found === undefined) throw needsIdentity(key);
    try {
      return await found.open(stored);
    } catch (error) {
      if (isKind(error, "key")) throw otherIdentity(key, error);
      throw error;
    }
  }

  return {
    open,
    async pack(plain) {
      const frame = hashing.compress(plain);
      const found = await (sealing ??= sealer());
      const body = found === undefined ? frame : await found.seal(frame);
      const sha256 = hex(hashing.sha256(body));
      return found === undefined
        ? { body, sha256, suffix: "", contentType: "application/zstd" }
        // https://www.iana.org/assignments/media-types/application/vnd.age
        : { body, sha256, suffix: ".age", contentType: "application/vnd.age" };
    },
    async unpack(key, stored) {
      const frame = await open(key, stored);
      try {
        return hashing.decompress(frame);
      } catch (cause) {
        throw new HoldfastError("damage", "it is no zstd frame", { context: { key }, cause });
      }
    },
  };
}

/** Of a job that does not encrypt, on a machine without an identity. */
export function plainBodies(hashing: Hashing): BodyCoding {
  const nothing = () => Promise.resolve(undefined);
  return bodyCoding(hashing, { sealer: nothing, opener: nothing });
}

function needsIdentity(key: string): HoldfastError {
  return new HoldfastError("key", `${key} is encrypted, and no identity was named to open it`, {
    context: { key },
    hint: "name the file with one of its identities with --identity",
  });
}

function otherIdentity(key: string, cause: HoldfastError): HoldfastError {
  return new HoldfastError("key", `${key} cannot be opened: ${cause.message}`, {
    context: { ...cause.context, key },
    hint: cause.hint ?? "name another identity with --identity",
    cause,
  });
}
