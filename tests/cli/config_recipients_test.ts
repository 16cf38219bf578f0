import assert from "node:assert/strict";
import { planRecipients, wantedRecipients } from "../../src/cli/config_recipients.ts";
import { parseConfig } from "../../src/cli/config.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { ALICE, BOB, QUANTUM } from "../core/recipients.ts";
import { fakeSystem } from "./fake_system.ts";

const KEYS = 'sources = "/a"\nrepository = "s3://bucket"\nlayout = "pack"\n';

/** What becomes of the config where `holdfast key recipients` changes job a. */
function edited(text: string, wish: { add?: string[]; remove?: string[] }): string {
  const system = fakeSystem();
  const file = `${system.folder}/holdfast.toml`;
  try {
    Deno.writeTextFileSync(file, text);
    const place = { file, folder: system.folder, home: system.home };
    const job = parseConfig(text.replace(/^\ufeff/, ""), place).jobs.get("a")!;
    const change = planRecipients(system, file, job, { add: [], remove: [], ...wish });
    const staged = change.stage?.();
    assert.equal(Deno.readTextFileSync(file), text, "nothing before it is committed");
    staged?.commit();
    staged?.drop();
    assert.deepEqual([...Deno.readDirSync(system.folder)].map(({ name }) => name), [
      "holdfast.toml",
    ]);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Deno.readFileSync(file));
  } finally {
    system.remove();
  }
}

Deno.test("the list is changed where it stands, and every other byte stays", () => {
  const around = (list: string) =>
    `# mine ✓\n[job.b]\nsources = "/b"\nrepository = "s3://b-b"\nrecipients = ["${ALICE}"]\n\n` +
    `[job.a] # this one\n${KEYS}recipients  =  ${list} # who may read\r\nexclude = ["x"]`;
  assert.equal(
    edited(around(`["${ALICE}"]`), { add: [BOB] }),
    around(`["${ALICE}", "${BOB}"]`),
  );
  assert.equal(
    edited(around(`['${ALICE}',"${BOB}" , ]`), { remove: [ALICE] }),
    around(`["${BOB}"]`),
  );
});

Deno.test("a list of several lines stays one, with its indent and line ends", () => {
  for (const newline of ["\n", "\r\n"]) {
    const of = (...names: string[]) =>
      `[job.a]\n${KEYS}recipients = [${
        names.map((name) => `${newline}    "${name}",`).join("")
      }${newline}  ]\n`;
    assert.equal(edited(of(ALICE), { add: [BOB] }), of(ALICE, BOB));
    assert.equal(edited(of(ALICE, BOB), { remove: [ALICE.slice(0, 12)] }), of(BOB));
  }
});

Deno.test("a byte order mark, an inline table and a quoted name are no hindrance", () => {
  const list = (names: string) => `recipients = [${names}]`;
  const marked = (names: string) => `\ufeff[job.a]\n${KEYS}${list(names)}\n`;
  assert.equal(edited(marked(`"${ALICE}"`), { add: [BOB] }), marked(`"${ALICE}", "${BOB}"`));
  const inline = (names: string) =>
    `job = { "a" = { sources = "/a", repository = "s3://bucket", ${list(names)} } }`;
  assert.equal(edited(inline(`"${ALICE}"`), { add: [BOB] }), inline(`"${ALICE}", "${BOB}"`));
});

Deno.test("what the config says already is not written again", () => {
  const text = `[job.a]\n${KEYS}recipients = ["${ALICE}"]\n`;
  assert.equal(edited(text, { add: [ALICE] }), text);
  assert.equal(edited(text, {}), text);
  const none = `[job.a]\n${KEYS}encryption = "none"\n`;
  assert.equal(edited(none, {}), none);
});

Deno.test("where there is no plain list the line to write is told, and nothing is written", () => {
  const hintOf = (text: string) => {
    try {
      edited(text, { add: [BOB] });
    } catch (error) {
      assert.ok(error instanceof HoldfastError && error.kind === "usage", String(error));
      assert.match(error.message, /holdfast\.toml:\d+: job a has no plain list/);
      return error.hint!;
    }
    return "no error";
  };
  const both = `\nrecipients = ["${ALICE}", "${BOB}"]\nthen run holdfast key recipients --confirm`;
  const commented = `[job.a]\n${KEYS}recipients = [\n  "${ALICE}", # Alice\n]\n`;
  assert.ok(hintOf(commented).endsWith(`in place of \`recipients\`:${both}`), hintOf(commented));
  const escaped = `[job.a]\n${KEYS}recipients = ["\\u0061${ALICE.slice(1)}"]\n`;
  assert.ok(hintOf(escaped).endsWith(both));
  const none = `[job.a]\n${KEYS}encryption = "none"\n`;
  assert.match(hintOf(none), /in place of `encryption`:\nrecipients = \["age1xmct/);
  const mirror = '[job.a]\nsources = "/a"\nrepository = "s3://bucket"\n';
  assert.match(hintOf(mirror), /write into the job's section:\nrecipients = /);
});

Deno.test("a wish that makes no sense is refused", () => {
  const refused = (
    present: string[],
    wish: { add?: string[]; remove?: string[] },
    message: RegExp,
  ) =>
    assert.throws(() => wantedRecipients(present, { add: [], remove: [], ...wish }), {
      ...{ kind: "usage", message },
    });
  refused([ALICE], { remove: [ALICE] }, /the last recipient cannot be removed/);
  refused([ALICE], { remove: [BOB] }, /--remove age1xmct.* names no recipient of the job/);
  refused([ALICE, BOB], { remove: ["age1"] }, /--remove age1 names no recipient/);
  refused([ALICE, `${ALICE.slice(0, 20)}x`], { remove: [ALICE.slice(0, 12)] }, /names several/);
  refused([ALICE], { add: [QUANTUM] }, /of two kinds/);
  refused([ALICE], { add: [BOB, BOB] }, /twice/);
  refused([ALICE], { remove: ["AGE-SECRET-KEY-1QQQ"] }, /^--remove names no recipient/);
  const replaced = wantedRecipients([ALICE], { add: [QUANTUM], remove: [ALICE] });
  assert.deepEqual(replaced, [QUANTUM]);
});
