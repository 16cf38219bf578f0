import type { PathText } from "../core/path_text.ts";

/**
 * Which entries belong to a source: gitignore's rules (gitignore(5)) from `exclude`, `include` and
 * the ignore files found on the way. Immutable: entering a folder gives the rules that hold there.
 */
export interface Rules {
  /** True where nothing can be excluded here, so that a walk need not ask. */
  readonly empty: boolean;
  /** Name of the ignore file to look for in each folder, or "" for none. */
  readonly ignoreFile: string;
  /** The rules in force as text: equal text, equal decisions. Part of the stat digest. */
  readonly identity: string;
  /** `path` from the source's root, without a leading slash. */
  excludes(path: PathText, isFolder: boolean): boolean;
  /** These rules and those of an ignore file in `folder`. */
  withIgnoreFile(folder: PathText, content: Uint8Array): Rules;
}
