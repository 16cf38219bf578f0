import type { JobConfig } from "../cli/job_config.ts";
import type { ToolInput } from "../cli/runner.ts";
import { HoldfastError, messageOf } from "../core/error.ts";
import type { Opener, Sealer } from "../ports/cipher.ts";

/** What a job's objects are encrypted by; undefined where it encrypts nothing. */
export async function sealerOf(
  { recipients }: Pick<JobConfig, "recipients">,
): Promise<Sealer | undefined> {
  if (recipients.length === 0) return undefined;
  const { ageSealer } = await import("../crypto/age_sealer.ts");
  return await ageSealer(recipients);
}

type KeyInput = Pick<ToolInput<unknown>, "identityFiles" | "askSecret">;

const opened = new WeakMap<readonly string[], Promise<Opener | undefined>>();

/**
 * What opens encrypted objects, by the identities of `--identity` or HOLDFAST_IDENTITY_FILE; undefined
 * where neither names one. Asks for the passphrase of a sealed file, once for all that a command opens.
 * Throws kind "key" where a file cannot be read or holds no identity, or its passphrase is wrong.
 */
export function identitiesOf(input: KeyInput): Promise<Opener | undefined> {
  const { identityFiles } = input;
  const known = opened.get(identityFiles);
  if (known !== undefined) return known;
  const opener = openIdentities(input);
  opened.set(identityFiles, opener);
  return opener;
}

async function openIdentities(
  { identityFiles, askSecret }: KeyInput,
): Promise<Opener | undefined> {
  if (identityFiles.length === 0) return undefined;
  const identities: string[] = [];
  for (const file of identityFiles) identities.push(...await readIdentities(file, askSecret));
  const { ageOpener } = await import("../crypto/age_opener.ts");
  return await ageOpener(identities);
}

async function readIdentities(
  file: string,
  askSecret: KeyInput["askSecret"],
): Promise<readonly string[]> {
  const { readIdentityFile } = await import("../crypto/age_identities.ts");
  try {
    return await readIdentityFile(readFile(file), () => askSecret(`passphrase of ${file}`));
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.kind === "interrupted") throw error;
    const { message, hint, cause } = error;
    throw new HoldfastError("key", message, {
      context: { ...error.context, file },
      ...{ hint: hint ?? "name the right one with --identity; nothing was changed", cause },
    });
  }
}

function readFile(file: string): Uint8Array {
  try {
    return Deno.readFileSync(file);
  } catch (cause) {
    throw new HoldfastError("key", `the identity file cannot be read: ${messageOf(cause)}`, {
      hint: "name one that is there with --identity, or HOLDFAST_IDENTITY_FILE",
      cause,
    });
  }
}
