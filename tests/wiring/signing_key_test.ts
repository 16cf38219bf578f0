import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { newPrivateKey, signerOf, verifySignature } from "../../src/crypto/signing.ts";
import { keyFile, pendingKeyFile } from "../../src/wiring/own_paths.ts";
import {
  newSigner,
  ownSigner,
  readSigner,
  settlePendingKey,
  signerOfKey,
  signingKey,
} from "../../src/wiring/signing_key.ts";
import { createLog } from "../sqlite/log_fixture.ts";

function inFolder(use: (stateFile: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-key-" });
  try {
    use(`${folder}/home.db`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const mode = (file: string) => Deno.statSync(file).mode! & 0o777;

Deno.test("signatures are those of RFC 8032: its second test vector", () => {
  const key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
  const signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
  assert.ok(verifySignature(key, "r", signature));
  assert.ok(!verifySignature(key, "s", signature));
  assert.ok(!verifySignature(key, "r", signature.replace("9", "8")));
  assert.ok(!verifySignature("33", "r", signature));
  assert.ok(!verifySignature(key, "r", "no hex"));
});

Deno.test("what a key has signed is verified by its public half alone", () => {
  const signer = signerOf(newPrivateKey());
  assert.match(signer.key, /^[0-9a-f]{64}$/);
  const signature = signer.sign("héllo");
  assert.match(signature, /^[0-9a-f]{128}$/);
  assert.ok(verifySignature(signer.key, "héllo", signature));
  assert.ok(!verifySignature(signerOf(newPrivateKey()).key, "héllo", signature));
});

Deno.test("a job's key is made once, for its owner alone", () =>
  inFolder((stateFile) => {
    const file = keyFile(stateFile);
    assert.equal(readSigner(file), undefined);
    const { key } = signingKey(file);
    assert.equal(signingKey(file).key, key);
    assert.equal(mode(file), 0o600);
    assert.deepEqual([...Deno.readDirSync(file.replace(/\/[^/]*$/, ""))].length, 1);
  }));

Deno.test("without the key that signs the log this machine may not write: kind key, names takeover", () =>
  inFolder((stateFile) => {
    const log = createLog(stateFile);
    const refused = (said: RegExp) =>
      assert.throws(
        () => ownSigner(stateFile, log),
        (error) => isKind(error, "key") && said.test(error.message) && /takeover/.test(error.hint!),
      );
    refused(/home\.key is not there/);
    signingKey(keyFile(stateFile));
    refused(/home\.key is another key/);
    Deno.writeTextFileSync(keyFile(stateFile), "no key");
    refused(/is not an Ed25519 key/);
    log.close();
  }));

Deno.test("the key of a takeover takes the place of the other, which is kept", () =>
  inFolder((stateFile) => {
    const before = signingKey(keyFile(stateFile));
    const pending = newSigner(pendingKeyFile(stateFile));
    assert.equal(mode(pendingKeyFile(stateFile)), 0o600);
    assert.equal(signerOfKey(stateFile, pending.key)?.key, pending.key);
    assert.equal(signerOfKey(stateFile, before.key)?.key, before.key);
    assert.equal(signerOfKey(stateFile, "00".repeat(32)), undefined);
    settlePendingKey(stateFile, before.key);
    assert.equal(readSigner(keyFile(stateFile))?.key, before.key);
    settlePendingKey(stateFile, pending.key);
    assert.equal(readSigner(keyFile(stateFile))?.key, pending.key);
    assert.equal(readSigner(pendingKeyFile(stateFile)), undefined);
    const kept = `${keyFile(stateFile)}.${before.key.slice(0, 8)}`;
    assert.equal(readSigner(kept)?.key, before.key);
    assert.equal(mode(kept), 0o600);
  }));
