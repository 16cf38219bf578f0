import assert from "node:assert/strict";
import {
  checkRecipientList,
  recipientKind,
  sameRecipients,
  shortRecipient,
} from "../../src/core/recipient.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { generateIdentity } from "../../src/crypto/age_identities.ts";
import { ALICE, BOB, QUANTUM } from "./recipients.ts";

Deno.test("a recipient is told by its beginning, and proven by its checksum", () => {
  assert.equal(recipientKind(ALICE), "x25519");
  assert.equal(recipientKind(QUANTUM), "post-quantum");
  // Of the specification's authors: https://age-encryption.org/v1
  const written = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
  assert.equal(recipientKind(written), "x25519");
});

Deno.test("any one letter that is another one is found, in either kind", () => {
  for (const recipient of [ALICE, QUANTUM]) {
    for (let at = 8; at < recipient.length; at += recipient === QUANTUM ? 97 : 1) {
      const other = recipient[at] === "q" ? "p" : "q";
      const wrong = recipient.slice(0, at) + other + recipient.slice(at + 1);
      assert.throws(() => recipientKind(wrong), { kind: "usage", message: /misspelt/ });
    }
  }
});

Deno.test("what is no recipient is refused, and no message repeats what it was", () => {
  const wrong: [string, RegExp][] = [
    ["", /no age recipient/],
    [ALICE.slice(0, -1), /cut off/],
    [`${ALICE}q`, /cut off/],
    [ALICE.toUpperCase(), /no age recipient/],
    [QUANTUM.slice(0, 62), /cut off/],
    ["age1b".padEnd(62, "q"), /misspelt/],
    ["age1yubikey1qgm4ncm6cnl5p4kyc7j0hrh", /only a plugin/],
    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", /no age recipient/],
    ["AGE-SECRET-KEY-1QQQXYZW", /stay secret/],
    ["age-secret-key-1qqqxyzw", /stay secret/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => recipientKind(text), { kind: "usage", message });
    const said = saidOf(text);
    assert.ok(text === "" || !said.includes(text.slice(-6)), said);
  }
});

function saidOf(text: string): string {
  try {
    recipientKind(text);
    return "nothing";
  } catch (error) {
    assert.ok(error instanceof HoldfastError);
    return `${error.message} ${error.hint} ${JSON.stringify(error.context)}`;
  }
}

Deno.test("a list names each once, of one kind, and at most 20", async () => {
  checkRecipientList([]);
  checkRecipientList([ALICE, BOB]);
  checkRecipientList([QUANTUM]);
  const refused = (list: string[], message: RegExp) =>
    assert.throws(() => checkRecipientList(list), { kind: "usage", message });
  refused([ALICE, BOB, ALICE], /recipient 3 is there twice/);
  refused([ALICE, QUANTUM], /recipients 1 and 2 are of two kinds/);
  refused([QUANTUM, BOB], /recipients 1 and 2 are of two kinds/);
  refused([ALICE, "age1"], /recipient 2 is misspelt/);
  const many: string[] = [];
  while (many.length < 21) many.push((await generateIdentity({ postQuantum: false })).recipient);
  checkRecipientList(many.slice(1));
  refused(many, /21 recipients are more than 20/);
});

Deno.test("two lists are the same in any order", () => {
  assert.ok(sameRecipients([ALICE, BOB], [BOB, ALICE]));
  assert.ok(sameRecipients([], []));
  assert.ok(!sameRecipients([ALICE], []));
  assert.ok(!sameRecipients([ALICE, BOB], [ALICE, QUANTUM]));
});

Deno.test("messages show the beginning and the end of a long one", () => {
  assert.equal(shortRecipient(ALICE), ALICE);
  assert.ok(shortRecipient(QUANTUM).length < 40);
});
