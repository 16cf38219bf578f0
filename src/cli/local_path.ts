import { resolve } from "node:path";

/** An absolute path: `~/` is the home folder, anything relative starts at `folder`. */
export function absolutePath(path: string, place: { folder: string; home: string }): string {
  if (path === "~") return place.home;
  return /^~[/\\]/.test(path) ? resolve(place.home, path.slice(2)) : resolve(place.folder, path);
}
