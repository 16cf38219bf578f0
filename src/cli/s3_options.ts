import { Option } from "@commander-js/extra-typings";
import type { Extensible } from "./command_context.ts";
import { HoldfastError } from "../core/error.ts";

/** What says where the bucket of a URL is, beside the SDK's environment variables. */
export interface S3Options {
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly forcePathStyle?: true;
}

/** The heading of options that stand in for a config. */
export const WITHOUT_CONFIG = "Without a config:";

export function addS3Options(command: Extensible): void {
  const options = [
    new Option("--endpoint <url>", "another S3 server than AWS"),
    new Option("--region <region>", "S3 region"),
    new Option("--profile <name>", "profile of the AWS config files"),
    new Option("--force-path-style", "put the bucket into the path, not the host name"),
  ];
  for (const option of options) command.addOption(grouped(option));
}

export function storageClassOption(): Option {
  return grouped(new Option("--storage-class <class>", "S3 storage class of the files"));
}

export function grouped<Given extends Option>(option: Given): Given {
  option.helpGroup(WITHOUT_CONFIG);
  return option;
}

export function s3OptionsOf(
  { endpoint, region, profile, forcePathStyle }: S3Options,
): S3Options {
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(forcePathStyle === undefined ? {} : { forcePathStyle }),
  };
}

/** They belong to a URL on the command line: a config has keys for them. */
export function refuseS3Options(options: S3Options, url: string): void {
  const [name] = Object.keys(s3OptionsOf(options));
  if (name === undefined) return;
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new HoldfastError("usage", `${option} has no meaning without ${url}`, {
    hint: `set \`${option.slice(2).replaceAll("-", "_")}\` in the job's section, or add ${url} URL`,
  });
}
