import { HoldfastError } from "../core/error.ts";
import type { ColdObject } from "../ports/waiting_files.ts";

/** Objects that a store does not let one process ask for: policies, and keys, may be single objects'. */
export interface Denials {
  /** A request was answered: the rights are there in general. */
  allowed(): void;
  /**
   * The object is not asked for again. False where that is no answer about single objects, or was said
   * too often: then nothing more is asked for.
   */
  note(object: ColdObject, error: HoldfastError): boolean;
  has(object: ColdObject): boolean;
  /** Kind "denied"; undefined where nothing was denied. */
  failure(): HoldfastError | undefined;
}

/** Denials before the first answer that mean: nothing can be asked for. */
const ALL = 16;
/** As many are kept in memory. */
const MOST = 1000;

export function deniedObjects(): Denials {
  const names = new Set<string>();
  let hasRights = false;
  let first: HoldfastError | undefined;
  return {
    allowed: () => void (hasRights = true),
    note(object, error) {
      if (error.context.code !== "AccessDenied") return false;
      first ??= error;
      names.add(nameOf(object));
      return names.size < (hasRights ? MOST : ALL);
    },
    has: (object) => names.has(nameOf(object)),
    failure() {
      if (first === undefined || names.size === 1) return first;
      const { kind, message, context, hint } = first;
      const more = hint === undefined ? {} : { hint };
      const text = `${names.size} objects could not be asked for: ${message}`;
      return new HoldfastError(kind, text, { context, ...more, cause: first });
    },
  };
}

function nameOf({ key, version }: ColdObject): string {
  return `${version} ${key}`;
}
