import { join } from "node:path";
import type { System } from "./system.ts";

/**
 * Where the platform wants state: `$XDG_STATE_HOME/holdfast` (XDG Base Directory Specification),
 * `~/Library/Application Support/holdfast` on macOS, `%LOCALAPPDATA%\holdfast` on Windows.
 */
export function stateFolder(system: System): string {
  const { home, platform } = system;
  const xdg = absoluteVariable(system, "XDG_STATE_HOME");
  if (xdg !== undefined) return join(xdg, "holdfast");
  if (platform === "darwin") return join(home, "Library", "Application Support", "holdfast");
  if (platform === "windows") {
    return join(system.env("LOCALAPPDATA") ?? join(home, "AppData", "Local"), "holdfast");
  }
  return join(home, ".local", "state", "holdfast");
}

/** `$XDG_CONFIG_HOME/holdfast/holdfast.toml`, `%APPDATA%\holdfast\holdfast.toml` on Windows. */
export function userConfigFile(system: System): string {
  const { home, platform } = system;
  const xdg = absoluteVariable(system, "XDG_CONFIG_HOME");
  const windows = platform === "windows" ? system.env("APPDATA") : undefined;
  return join(xdg ?? windows ?? join(home, ".config"), "holdfast", "holdfast.toml");
}

/** The specification says: relative paths in these variables are to be ignored. */
function absoluteVariable(system: System, name: string): string | undefined {
  const value = system.env(name);
  return value !== undefined && /^(\/|[A-Za-z]:[/\\])/.test(value) ? value : undefined;
}
