import { join } from "node:path";
import { homedir } from "node:os";

/** Where downloaded tools live: outside the project, kept between runs, safe to delete. */
export function cacheFolder(): string {
  const base = Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache");
  return join(base, "holdfast-test");
}
