const storeFolder = ".holdfast-store";
const reservedOnWindows = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * The names of a key's plain file below the root, or undefined where no file system holds it: empty
 * segments, "." and "..", NUL, names above 255 bytes, the store's own folder. A key that ends in "/"
 * gives the names of a folder. What one file system cannot hold is found by trying.
 */
export function plainNames(key: string): string[] | undefined {
  const names = (key.endsWith("/") ? key.slice(0, -1) : key).split("/");
  if (names[0].toLowerCase() === storeFolder) return undefined;
  return names.every(isHoldable) ? names : undefined;
}

function isHoldable(name: string): boolean {
  if (name === "" || name === "." || name === ".." || name.includes("\0")) return false;
  if (name.length > 85 && new TextEncoder().encode(name).length > 255) return false;
  if (Deno.build.os !== "windows") return true;
  // deno-lint-ignore no-control-regex
  return !/[\x00-\x1f\\:*?"<>|]|[. ]$/.test(name) && !reservedOnWindows.test(name);
}
