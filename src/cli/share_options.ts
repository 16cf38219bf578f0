import { Option } from "@commander-js/extra-typings";
import { HoldfastError } from "../core/error.ts";
import type { Extensible } from "./command_context.ts";
import { grouped } from "./s3_options.ts";

/** How a share of the command line is signed in at; without it the password is asked for. */
export interface ShareOptions {
  readonly passwordFile?: string;
}

export function addShareOptions(command: Extensible): void {
  const text = "file with the password of the smb:// sources";
  command.addOption(grouped(new Option("--password-file <file>", text)));
}

export function shareOptionsOf({ passwordFile }: ShareOptions): ShareOptions {
  return passwordFile === undefined ? {} : { passwordFile };
}

/** It belongs to a source on the command line: a config has a key for it. */
export function refuseShareOptions({ passwordFile }: ShareOptions, url: string): void {
  if (passwordFile === undefined) return;
  throw new HoldfastError("usage", `--password-file has no meaning without ${url}`, {
    hint: `set \`password_file\` in the job's section, or add ${url} URL`,
  });
}
