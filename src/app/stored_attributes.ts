import { HoldfastError } from "../core/error.ts";
import { bytesOfBase64, type JsonPath, textOfJson } from "../core/path_text.ts";
import type { Attribute } from "../ports/source.ts";

/** Attributes out of the index's canonical JSON. Throws kind "damage". */
export function attributesOf(canonical: string | null): Attribute[] {
  if (canonical === null) return [];
  try {
    return (JSON.parse(canonical) as [JsonPath, string][])
      .map(([name, value]) => ({ name: textOfJson(name), value: bytesOfBase64(value) }));
  } catch (cause) {
    throw new HoldfastError("damage", "its attributes in the index are damaged", { cause });
  }
}
