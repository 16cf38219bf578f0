/** Recipients, identities and identity files: what is taken, what is refused, what is never told. */
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
import { newPair, refused } from "./age_fixture.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const noPassphrase = () => Promise.reject(new Error("nobody asked for a passphrase"));
const typed = (passphrase: string) => () => Promise.resolve(passphrase);

/** All its digits are right, but X25519 with it gives zeros: no key. */
const zeros = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z";

Deno.test("recipients of both kinds in one file are refused, and both are named", async () => {
  const [classic, hybrid] = [await newPair(), await newPair(true)];
  const mixed = [classic.recipient, classic.recipient, hybrid.recipient];
  const said = new RegExp(`recipient 1 \\(${classic.recipient}\\) and recipient 3 \\(age1pq1`);
  await refused(ageSealer(mixed), "usage", said);
  await refused(ageSealer(mixed.toReversed()), "usage", /recipient 1 \(age1pq1.*…/);
});

Deno.test("a recipient that is none is refused by its place and text", async () => {
  const { recipient } = await newPair();
  const hybrid = await newPair(true);
  const misspelt = recipient.replace(/.$/, (end) => end === "q" ? "p" : "q");
  const refuse = (bad: string, said: RegExp) => refused(ageSealer([recipient, bad]), "usage", said);
  await refuse(misspelt, new RegExp(`recipient 2 \\(${misspelt}\\) is misspelt or cut off`));
  await refuse(recipient.slice(0, -1), /recipient 2 \(age1.*\) is misspelt or cut off/);
  await refuse(zeros, /recipient 2 \(age1qqq.*\) is misspelt or cut off/);
  await refuse("age1", /recipient 2 \(age1\) is misspelt/);
  await refuse("age1yubikey1qqqq", /recipient 2 \(age1yubikey1qqqq\) is of a kind/);
  await refuse("age1tag1qqqq", /is of a kind that only a plugin or a security key opens/);
  await refuse("", /recipient 2 is no age recipient/);
  await refuse(recipient.toUpperCase(), /recipient 2 is no age recipient/);
  await refused(ageSealer([hybrid.recipient.slice(0, -1)]), "usage", /recipient 1 .*misspelt/);
});

Deno.test("a secret key in the place of a recipient is refused and not told", async () => {
  const { identity } = await newPair();
  const hybrid = await newPair(true);
  for (const secret of [identity, identity.toLowerCase(), hybrid.identity, identity.slice(8)]) {
    await refused(ageSealer([secret]), "usage", /recipient 1 is no age recipient/, secret);
  }
});

Deno.test("no recipient, and more than 20, are refused", async () => {
  const { recipient } = await newPair();
  await refused(ageSealer([]), "usage", /no recipient/);
  await refused(
    ageSealer(Array(21).fill(recipient)),
    "usage",
    /21 recipients are more than the 20/,
  );
});

Deno.test("an identity that is none is refused by its place and not told: kind key", async () => {
  const { identity, recipient } = await newPair();
  const wrong = identity.replace(/.$/, (end) => end === "Q" ? "P" : "Q");
  for (const bad of [wrong, identity.slice(0, -1), identity.toLowerCase(), "hunter2-secret"]) {
    await refused(ageOpener([identity, bad]), "key", /identity 2 is misspelt/, bad, identity);
    await refused(recipientOf(bad), "key", /identity is misspelt/, bad);
  }
  await refused(ageOpener([recipient]), "key", /identity 1 is misspelt/);
  await refused(ageOpener([]), "key", /no identity/);
});

Deno.test("a new identity of either kind gives its recipient, and no two are the same", async () => {
  for (const postQuantum of [false, true]) {
    const { identity, recipient } = await generateIdentity({ postQuantum });
    assert.match(identity, postQuantum ? /^AGE-SECRET-KEY-PQ-1/ : /^AGE-SECRET-KEY-1/);
    assert.match(recipient, postQuantum ? /^age1pq1/ : /^age1(?!pq)/);
    assert.equal(await recipientOf(identity), recipient);
    assert.notEqual((await generateIdentity({ postQuantum })).identity, identity);
  }
});

Deno.test("an identity file may hold comments, empty lines, several identities, CRLF and a BOM", async () => {
  const [one, two] = [await newPair(), await newPair(true)];
  const own = identityFileText(one.identity, one.recipient, "2026-11-21T19:13:46Z");
  assert.deepEqual(await readIdentityFile(bytes(own), noPassphrase), [one.identity]);
  const both = `\ufeff# two keys\r\n\r\n${one.identity}\r\n  # more\r\n${two.identity}`;
  const expected = [one.identity, two.identity];
  assert.deepEqual(await readIdentityFile(bytes(both), noPassphrase), expected);
});

Deno.test("what is no identity file is refused, its lines by their numbers only", async () => {
  const { identity } = await newPair();
  const refuse = (text: string, kind: "usage" | "key", said: RegExp, ...secrets: string[]) =>
    refused(readIdentityFile(bytes(text), noPassphrase), kind, said, identity, ...secrets);
  await refuse("", "key", /no identity in the identity file/);
  await refuse("# created: 2026\n\n", "key", /no identity in the identity file/);
  await refuse(`${identity}\nhunter2`, "usage", /line 2 is no age identity/, "hunter2");
  await refuse("AGE-PLUGIN-YUBIKEY-1QQQ", "usage", /line 1 is the identity of a plugin/, "1QQQ");
  await refuse(`#\n${identity.slice(0, -1)}`, "key", /line 2 .* misspelt/, identity.slice(15, -1));
  await refuse(`${identity} ${identity}`, "key", /line 1 .* misspelt/);
  const openSsh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE";
  await refuse(openSsh, "usage", /line 1 is no age identity/, "b3BlbnNz");
  const binary = readIdentityFile(Uint8Array.of(0xff, 0xfe, 0x00), noPassphrase);
  await refused(binary, "usage", /it is no text/);
});

Deno.test("an identity sealed with a passphrase is read with it, and with no other: kind key", async () => {
  const { identity, recipient } = await newPair(true);
  const text = identityFileText(identity, recipient, "2026-11-21");
  const locked = await sealWithPassphrase(text, "correct horse", 4);
  assert.match(
    locked,
    /^-----BEGIN AGE ENCRYPTED FILE-----\n[^]*-----END AGE ENCRYPTED FILE-----\n$/,
  );
  assert.deepEqual(await readIdentityFile(bytes(locked), typed("correct horse")), [identity]);
  const crlf = bytes(`\r\n${locked.replaceAll("\n", "\r\n")}\r\n`);
  assert.deepEqual(await readIdentityFile(crlf, typed("correct horse")), [identity]);
  const wrong = readIdentityFile(bytes(locked), typed("battery staple"));
  await refused(wrong, "key", /passphrase of the identity file is wrong/, "battery", identity);
});

Deno.test("a damaged or cut sealed identity file is kind key, whatever the byte", async () => {
  const { armor } = await import("age-encryption");
  const { identity, recipient } = await newPair();
  const text = identityFileText(identity, recipient, "2026-11-21");
  const locked = await sealWithPassphrase(text, "x", 1);
  await refused(readIdentityFile(bytes(locked.slice(0, 200)), typed("x")), "key", /armor/);
  const file = armor.decode(locked);
  assert.deepEqual(await readIdentityFile(file, typed("x")), [identity]);
  const end = new TextDecoder("latin1").decode(file).indexOf("\n--- ");
  for (let at = end; at < file.length; at += 5) {
    const flipped = file.slice();
    flipped[at] ^= 4;
    await refused(readIdentityFile(flipped, typed("x")), "key", /does not open/, identity);
    const cut = file.subarray(0, at);
    await refused(readIdentityFile(cut, typed("x")), "key", /does not open/, identity);
  }
});

Deno.test("an identity file sealed to a recipient is refused before a passphrase is asked for", async () => {
  const { identity, sealer } = await newPair();
  const sealed = await sealer.seal(bytes(identity));
  await refused(readIdentityFile(sealed, noPassphrase), "usage", /not with a passphrase/);
});

Deno.test("a sealed file with something else in it is refused, and its text not told", async () => {
  const locked = await sealWithPassphrase("my diary\n", "x", 1);
  await refused(readIdentityFile(bytes(locked), typed("x")), "usage", /line 1/, "diary");
  const empty = await sealWithPassphrase("# nothing\n", "x", 1);
  await refused(readIdentityFile(bytes(empty), typed("x")), "key", /no identity/);
});

Deno.test("an empty passphrase seals nothing", async () => {
  await refused(sealWithPassphrase("x", ""), "usage", /passphrase is empty/);
});

Deno.test("that nobody gives a passphrase is passed on as it is", async () => {
  const locked = await sealWithPassphrase("x", "x", 1);
  const asked = readIdentityFile(bytes(locked), noPassphrase);
  await assert.rejects(asked, /nobody asked for a passphrase/);
});
