/**
 * How the name of an object ends that holds a packed body: ".age" where the body is encrypted, too
 * (DESIGN section 6). A repository may have both, from before and after a change of `encryption`.
 */
export type BodySuffix = "" | ".age";

export function suffixOf(key: string): BodySuffix {
  return key.endsWith(".age") ? ".age" : "";
}

/** The same name with the other ending. */
export function otherName(key: string): string {
  const suffix = suffixOf(key);
  return suffix === "" ? `${key}.age` : key.slice(0, -suffix.length);
}
