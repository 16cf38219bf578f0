/** Encryption against age's own command, both ways. */
import assert from "node:assert/strict";
import {
  generateIdentity,
  identityFileText,
  readIdentityFile,
  recipientOf,
  sealWithPassphrase,
} from "../../src/crypto/age_identities.ts";
import { ageOpener } from "../../src/crypto/age_opener.ts";
import { ageSealer } from "../../src/crypto/age_sealer.ts";
import { AGE_CHUNK } from "../../src/core/pack/pack_layout.ts";
import { hasCommand, run, shell, withFolder } from "../sources/tree_tools.ts";
import { bytesOf, filledFile, joined, newPair, SIZES } from "./age_fixture.ts";

const noPassphrase = () => Promise.reject(new Error("nobody asked for a passphrase"));

function ageTest(name: string, use: (folder: string) => Promise<void>, ...more: string[]): void {
  Deno.test(name, async () => {
    for (const command of ["age", ...more]) if (!hasCommand(name, command)) return;
    await withFolder(use);
  });
}

/** What `age -d` makes of these bytes with the identity. */
function ageOpens(folder: string, sealed: Uint8Array, identity: string): Uint8Array {
  Deno.writeFileSync(`${folder}/sealed`, sealed);
  Deno.writeTextFileSync(`${folder}/key`, identity);
  // Not by -o: with nothing to write, age 1.1 makes no file.
  shell(folder, "age -d -i key sealed > opened");
  return Deno.readFileSync(`${folder}/opened`);
}

/** Runs age where it finds a terminal, with these lines typed. */
function withTyping(folder: string, command: string, ...lines: string[]): string {
  const input = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  return run("script", ["-qec", command, "/dev/null"], { cwd: folder, input });
}

ageTest("what is sealed here, age opens: every size around the ends of chunks", async (folder) => {
  const { identity, sealer } = await newPair();
  for (const size of SIZES) {
    const plain = bytesOf(size);
    assert.deepEqual(ageOpens(folder, await sealer.seal(plain), identity), plain, String(size));
  }
});

ageTest("what age seals is opened here: every size around the ends of chunks", async (folder) => {
  const { recipient, opener } = await newPair();
  for (const size of SIZES) {
    const plain = bytesOf(size);
    Deno.writeFileSync(`${folder}/plain`, plain);
    run("age", ["-r", recipient, "-o", "sealed", "plain"], { cwd: folder });
    assert.deepEqual(await opener.open(Deno.readFileSync(`${folder}/sealed`)), plain, String(size));
  }
});

ageTest("a file for two recipients is opened by age with the key of either", async (folder) => {
  const pairs = [await newPair(), await newPair()];
  const sealer = await ageSealer(pairs.map(({ recipient }) => recipient));
  const plain = bytesOf(100_000);
  const sealed = await sealer.seal(plain);
  for (const { identity } of pairs) {
    assert.deepEqual(ageOpens(folder, sealed, identity), plain);
  }
});

ageTest(
  "a file of age's for two recipients is opened here with the key of either",
  async (folder) => {
    const pairs = [await newPair(), await newPair()];
    const plain = bytesOf(100_000);
    Deno.writeFileSync(`${folder}/plain`, plain);
    const to = pairs.flatMap(({ recipient }) => ["-r", recipient]);
    run("age", [...to, "-o", "sealed", "plain"], { cwd: folder });
    const sealed = Deno.readFileSync(`${folder}/sealed`);
    for (const { opener } of pairs) assert.deepEqual(await opener.open(sealed), plain);
  },
);

ageTest(
  "age opens a file cut after any chunk and ended by the tail sealed for there",
  async (folder) => {
    const { identity, sealer, opener } = await newPair();
    const [plain, tail] = [bytesOf(3 * AGE_CHUNK), bytesOf(18, 7)];
    const { header, chunks, tails } = await filledFile(sealer, plain, tail);
    for (let count = 0; count <= chunks.length; count++) {
      const sealed = joined(header, ...chunks.slice(0, count), tails[count]);
      const expected = joined(plain.subarray(0, count * AGE_CHUNK), tail);
      assert.deepEqual(ageOpens(folder, sealed, identity), expected, `${count} chunks`);
      assert.deepEqual(await opener.open(sealed), expected, `${count} chunks`);
    }
  },
);

ageTest("an identity file of age-keygen is read, and has the recipient it says", async (folder) => {
  shell(folder, "age-keygen -o key && age-keygen >> key");
  const text = Deno.readTextFileSync(`${folder}/key`);
  const identities = await readIdentityFile(Deno.readFileSync(`${folder}/key`), noPassphrase);
  assert.equal(identities.length, 2);
  assert.deepEqual(
    await Promise.all(identities.map(recipientOf)),
    [...text.matchAll(/^# public key: (.*)$/gm)].map(([, recipient]) => recipient),
  );
}, "age-keygen");

ageTest("an identity file made here is one for age-keygen and age", async (folder) => {
  const { identity, recipient } = await generateIdentity({ postQuantum: false });
  const text = identityFileText(identity, recipient, "2026-11-21T19:13:46Z");
  Deno.writeTextFileSync(`${folder}/own`, text);
  assert.equal(run("age-keygen", ["-y", "own"], { cwd: folder }), `${recipient}\n`);
  run("age-keygen", ["-o", "theirs"], { cwd: folder });
  const shape = (of: string) =>
    of.replace(/[0-9-]+T[0-9:]+\S*/, "TIME").replace(/age1\S+/, "age1").replace(/KEY-1\S+/, "KEY");
  assert.equal(shape(text), shape(Deno.readTextFileSync(`${folder}/theirs`)));
  const sealed = await (await ageSealer([recipient])).seal(bytesOf(10));
  assert.deepEqual(ageOpens(folder, sealed, text), bytesOf(10));
}, "age-keygen");

ageTest(
  "an identity that age has sealed with a passphrase is read, armored or not",
  async (folder) => {
    const { identity, recipient } = await generateIdentity({ postQuantum: false });
    Deno.writeTextFileSync(`${folder}/key`, identityFileText(identity, recipient, "2026-11-21"));
    withTyping(folder, "age -p -o binary key", "pass wörd", "pass wörd");
    withTyping(folder, "age -p -a -o armored key", "pass wörd", "pass wörd");
    for (const name of ["binary", "armored"]) {
      const file = Deno.readFileSync(`${folder}/${name}`);
      const typed = () => Promise.resolve("pass wörd");
      assert.deepEqual(await readIdentityFile(file, typed), [identity], name);
    }
  },
  "script",
);

ageTest(
  "an identity sealed here with a passphrase opens for age, and so do files with it",
  async (folder) => {
    const { identity, recipient } = await generateIdentity({ postQuantum: false });
    const text = identityFileText(identity, recipient, "2026-11-21");
    const locked = await sealWithPassphrase(text, "pass wörd", 12);
    Deno.writeTextFileSync(`${folder}/locked`, locked);
    withTyping(folder, "age -d -o opened locked", "pass wörd");
    assert.equal(Deno.readTextFileSync(`${folder}/opened`), text);
    const plain = bytesOf(70_000);
    Deno.writeFileSync(`${folder}/sealed`, await (await ageSealer([recipient])).seal(plain));
    withTyping(folder, "age -d -i locked -o plain sealed", "pass wörd");
    assert.deepEqual(Deno.readFileSync(`${folder}/plain`), plain);
  },
  "script",
);

ageTest("what age refuses of a damaged payload is refused here", async (folder) => {
  const { identity, sealer } = await newPair();
  const opener = await ageOpener([identity]);
  const { header, chunks, tails } = await filledFile(sealer, bytesOf(AGE_CHUNK), bytesOf(18));
  const bad = {
    "no last chunk": joined(header, ...chunks),
    "two last chunks": joined(header, ...chunks, tails[1], tails[1]),
    "last chunk too early": joined(header, tails[0], ...chunks),
    "nothing": header,
    "half a tag": joined(header, tails[0].subarray(0, 8)),
    "zeros behind": joined(header, tails[0], new Uint8Array(1)),
  };
  for (const [what, sealed] of Object.entries(bad)) {
    assert.throws(() => ageOpens(folder, sealed, identity), /age: error/, what);
    await assert.rejects(opener.open(sealed), { kind: "damage" }, what);
  }
});
