/** One text for a key and its version, "" or left out for the current one. */
export function objectName(
  { key, version = "" }: { readonly key: string; readonly version?: string },
): string {
  return `${version} ${key}`;
}
