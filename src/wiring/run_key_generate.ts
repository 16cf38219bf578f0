import { dirname } from "node:path";
import type { KeyGenerateOptions, ToolInput } from "../cli/runner.ts";
import { HoldfastError, messageOf } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { isoTime } from "../core/time_text.ts";
import {
  generateIdentity,
  identityFileText,
  sealWithPassphrase,
} from "../crypto/age_identities.ts";

/** `holdfast key generate`. Standard output gets the recipient alone, for scripts. */
export async function runKeyGenerate(input: ToolInput<KeyGenerateOptions>): Promise<number> {
  const { options, output, globals } = input;
  const { to: file, postQuantum } = options;
  refuseExisting(file);
  if (globals.dryRun) {
    output.text(`plan: write a new identity to ${file}`);
    return EXIT.done;
  }
  const passphrase = options.passphrase ? await newPassphrase(input) : undefined;
  const { identity, recipient } = await generateIdentity({ postQuantum });
  const text = identityFileText(identity, recipient, isoTime(Date.now()));
  const sealed = passphrase === undefined ? text : await sealWithPassphrase(text, passphrase);
  writeNew(file, new TextEncoder().encode(sealed));
  output.record({
    ...{ record: "identity", file, recipient },
    ...{ kind: postQuantum ? "post-quantum" : "x25519", passphrase: options.passphrase },
  });
  output.text(recipient);
  const and = options.passphrase ? " and its passphrase" : "";
  output.signal({
    kind: "notice",
    text: `the identity is in ${file}: keep it${and} safe, and copies of it away from this ` +
      "machine, for without it nothing that is encrypted for its recipient can be restored",
  });
  return EXIT.done;
}

async function newPassphrase({ askSecret }: ToolInput<unknown>): Promise<string> {
  const passphrase = await askSecret("new passphrase");
  if (passphrase === "") {
    throw new HoldfastError("usage", "the passphrase is empty", {
      hint: "nothing was written; leave --passphrase out for a file without one",
    });
  }
  if (await askSecret("the same again") === passphrase) return passphrase;
  throw new HoldfastError("usage", "the two passphrases differ", {
    hint: "nothing was written; repeat the command",
  });
}

/** Before a person is asked for anything; `writeNew` makes sure of it. */
function refuseExisting(file: string): void {
  try {
    Deno.lstatSync(file);
  } catch {
    return;
  }
  throw existing(file);
}

function existing(file: string): HoldfastError {
  return new HoldfastError("usage", `${file} is there already, and is not overwritten`, {
    context: { file },
    hint: "name another file: whoever loses an identity loses what it opens",
  });
}

/** On disk, name and all, when it returns; nothing is left where it cannot be written. */
function writeNew(file: string, content: Uint8Array<ArrayBuffer>): void {
  try {
    Deno.writeFileSync(file, content, { createNew: true, mode: 0o600 });
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) throw existing(file);
    throw notWritten(file, cause);
  }
  try {
    for (const path of [file, dirname(file)]) flush(path);
  } catch (cause) {
    Deno.removeSync(file);
    throw notWritten(file, cause);
  }
}

function flush(path: string): void {
  // A folder cannot be opened so on Windows, and need not be.
  if (Deno.build.os === "windows") return;
  using handle = Deno.openSync(path);
  handle.syncSync();
}

function notWritten(file: string, cause: unknown): HoldfastError {
  return new HoldfastError("failed", `the identity cannot be written: ${messageOf(cause)}`, {
    context: { file },
    hint: "name a file in a folder that is there and can be written to; nothing was kept",
    cause,
  });
}
