import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/main_program.ts";
import type { Runner } from "../../src/cli/runner.ts";
import { libc } from "../../src/libc/libc.ts";
import { identitiesOf, sealerOf } from "../../src/wiring/open_keys.ts";
import { runInit } from "../../src/wiring/run_init.ts";
import { runKeyGenerate } from "../../src/wiring/run_key_generate.ts";
import { runKeyRecipients } from "../../src/wiring/run_key_recipients.ts";
import { runLog } from "../../src/wiring/run_look.ts";
import { type FakeOptions, fakeSystem } from "../cli/fake_system.ts";
import { hasCommand, onLinux, run } from "../sources/tree_tools.ts";

// Opened once for the process, as the program does: no test's own leak.
libc();

const runner = {
  ...{ init: runInit, log: runLog },
  ...{ keyGenerate: runKeyGenerate, keyRecipients: runKeyRecipients },
} as Runner;

interface Place {
  /** Holds config, database, store and keys. */
  readonly folder: string;
  holdfast(args: readonly string[], options?: FakeOptions): Promise<Ended>;
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process, its folder the current one. */
async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-keys-" });
  const own = ["--config", `${folder}/holdfast.toml`, "--state", `${folder}/state/home.db`];
  const place: Place = {
    folder,
    async holdfast(args, options) {
      const system = fakeSystem(options);
      try {
        const code = await runProgram([...args, ...own], runner, { ...system, cwd: folder });
        return { code, out: system.out(), err: system.err() };
      } finally {
        system.remove();
      }
    },
  };
  try {
    await use(place);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The recipient of a new identity in `file`. */
async function generated({ holdfast }: Place, file: string, ...more: string[]): Promise<string> {
  const { code, out, err } = await holdfast(["key", "generate", "--output", file, ...more]);
  assert.equal(code, 0, err);
  return out.trim();
}

const never = () => Promise.reject(new Error("nothing is to be asked"));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const PLAIN = new TextEncoder().encode("what nobody else may read");

/** Sealed for the recipients, opened by the identities in the files. */
async function throughAge(
  recipients: readonly string[],
  identityFiles: readonly string[],
  askSecret: () => Promise<string> = never,
): Promise<string> {
  const sealed = await (await sealerOf({ recipients }))!.seal(PLAIN);
  return text(await (await identitiesOf({ identityFiles, askSecret }))!.open(sealed));
}

Deno.test("a new identity is for its user alone, and opens what is sealed for its recipient", () =>
  inPlace(async (place) => {
    const file = `${place.folder}/k`;
    const { code, out, err } = await place.holdfast(["key", "generate", "--output", "k"]);
    assert.equal(code, 0, err);
    assert.match(out, /^age1[a-z0-9]{58}\n$/);
    assert.match(err, /^note: the identity is in .*\/k: keep it safe/);
    assert.doesNotMatch(out + err, /AGE-SECRET-KEY/);
    if (onLinux) assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
    assert.equal(await throughAge([out.trim()], [file]), text(PLAIN));
    const test = "a new identity is read by age-keygen";
    if (hasCommand(test, "age-keygen")) {
      assert.equal(run("age-keygen", ["-y", file]), out);
    }
  }));

Deno.test("a post-quantum identity is told as one", () =>
  inPlace(async (place) => {
    const { out, code } = await place.holdfast([
      ...["key", "generate", "--post-quantum", "--json", "--output", "k"],
    ]);
    assert.equal(code, 0);
    const [record] = out.split("\n").map((line) => line && JSON.parse(line));
    const { recipient, ...rest } = record;
    assert.deepEqual(rest, {
      ...{ record: "identity", file: `${place.folder}/k`, kind: "post-quantum" },
      passphrase: false,
    });
    assert.match(recipient, /^age1pq1/);
    assert.equal(await throughAge([recipient], [`${place.folder}/k`]), text(PLAIN));
  }));

Deno.test("a file that is there is never overwritten, and a dry run writes none", () =>
  inPlace(async ({ folder, holdfast }) => {
    Deno.writeTextFileSync(`${folder}/k`, "mine");
    const { code, out, err } = await holdfast(["key", "generate", "--output", "k"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /k is there already, and is not overwritten/);
    assert.equal(Deno.readTextFileSync(`${folder}/k`), "mine");
    Deno.symlinkSync("nowhere", `${folder}/dangling`);
    assert.equal((await holdfast(["key", "generate", "--output", "dangling"])).code, 2);
    const dry = await holdfast(["key", "generate", "--output", "new", "--dry-run"]);
    assert.deepEqual([dry.code, dry.out], [0, `plan: write a new identity to ${folder}/new\n`]);
    const lost = await holdfast(["key", "generate", "--output", "no/such/folder"]);
    assert.equal(lost.code, 1);
    assert.match(lost.err, /the identity cannot be written/);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      ...["dangling", "k"],
    ]);
  }));

Deno.test("an identity file with a passphrase opens with it alone, and says nothing of it", () =>
  inPlace(async ({ folder, holdfast }) => {
    const generate = ["key", "generate", "--passphrase", "--output", "k"];
    const options = { terminal: true, typed: ["horse battery\r", "horse battery\r"] };
    const { code, out, err } = await holdfast(generate, options);
    assert.equal(code, 0, err);
    assert.doesNotMatch(out + err, /horse|battery|AGE-SECRET-KEY/);
    const file = `${folder}/k`;
    assert.match(Deno.readTextFileSync(file), /^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    const recipient = /age1[a-z0-9]{58}/.exec(out)![0];
    const asked: string[] = [];
    const ask = (answer: string) => (question: string) => {
      asked.push(question);
      return Promise.resolve(answer);
    };
    const identityFiles = [file];
    const input = { identityFiles, askSecret: ask("horse battery") };
    const sealed = await (await sealerOf({ recipients: [recipient] }))!.seal(PLAIN);
    for (const opener of [await identitiesOf(input), await identitiesOf(input)]) {
      assert.equal(text(await opener!.open(sealed)), text(PLAIN));
    }
    assert.deepEqual(asked, [`passphrase of ${file}`], "once for all that a command opens");
    await assert.rejects(identitiesOf({ identityFiles: [file], askSecret: ask("wrong") }), {
      ...{ kind: "key", message: /passphrase/, context: { file } },
    });
  }));

Deno.test("two passphrases that differ, none, or no terminal: nothing is written", () =>
  inPlace(async ({ folder, holdfast }) => {
    const generate = ["key", "generate", "--passphrase", "--output", "k"];
    const cases: [FakeOptions, number, RegExp][] = [
      [{ terminal: true, typed: ["horse\r", "house\r"] }, 2, /the two passphrases differ/],
      [{ terminal: true, typed: ["\r"] }, 2, /the passphrase is empty/],
      [{ terminal: true, typed: ["horse\x03"] }, 130, /interrupted/],
      [{ stdin: new TextEncoder().encode("horse\nhorse\n") }, 12, /there is no terminal/],
    ];
    for (const [options, exit, message] of cases) {
      const { code, err } = await holdfast(generate, options);
      assert.equal(code, exit, err);
      assert.match(err, message);
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("a missing or wrong identity file is kind key, names the file, and shows no secret", () =>
  inPlace(async (place) => {
    const { folder } = place;
    assert.equal(await identitiesOf({ identityFiles: [], askSecret: never }), undefined);
    assert.equal(await sealerOf({ recipients: [] }), undefined);
    const recipient = await generated(place, "k");
    await generated(place, "other");
    const refused = (name: string) => {
      const file = `${folder}/${name}`;
      return assert.rejects(identitiesOf({ identityFiles: [file], askSecret: never }), (error) => {
        const said = JSON.stringify(error) + String(error);
        assert.match(said, /"kind":"key"/);
        assert.ok(said.includes(file), said);
        assert.doesNotMatch(said, /AGE-SECRET|QQQQ/);
        return true;
      });
    };
    await refused("missing");
    const secret = Deno.readTextFileSync(`${folder}/k`).trim();
    for (const content of ["", "horse", secret.slice(0, -3), "AGE-SECRET-KEY-1QQQQ", "\xff\0"]) {
      Deno.writeTextFileSync(`${folder}/wrong`, content);
      await refused("wrong");
    }
    await assert.rejects(throughAge([recipient], [`${folder}/other`]), { kind: "key" });
    const both = [`${folder}/other`, `${folder}/k`];
    assert.equal(await throughAge([recipient], both), text(PLAIN));
  }));

interface RepositoryJson {
  readonly layout: string;
  readonly recipients?: readonly string[];
}

function repositoryIn(folder: string): RepositoryJson {
  return JSON.parse(Deno.readTextFileSync(`${folder}/store/.holdfast/repository.json`));
}

function init({ folder, holdfast }: Place, ...more: string[]): Promise<Ended> {
  Deno.mkdirSync(`${folder}/src`, { recursive: true });
  const url = `file://${folder}/store`;
  return holdfast(["init", "--job", "home", "--source", "src", "--repository", url, ...more]);
}

Deno.test("recipients are chosen at init, listed, changed and confirmed", () =>
  inPlace(async (place) => {
    const { folder, holdfast } = place;
    const [alice, bob] = [await generated(place, "alice"), await generated(place, "bob")];
    const made = await init(place, "--layout", "pack", "--recipient", alice);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /everything is encrypted for 1 recipient/);
    assert.deepEqual(
      [repositoryIn(folder).layout, repositoryIn(folder).recipients],
      ["pack", [alice]],
    );
    assert.equal((await holdfast(["key", "recipients"])).out, `${alice}\n`);

    const config = `${folder}/holdfast.toml`;
    const before = Deno.readTextFileSync(config);
    const dry = await holdfast(["key", "recipients", "--add", bob, "--dry-run"]);
    assert.match(
      dry.out,
      /^plan: change the recipients of the job in .*\nplan: .* 2 recipients\n$/,
    );
    assert.equal(Deno.readTextFileSync(config), before);

    const added = await holdfast(["key", "recipients", "--add", bob, "--remove", alice]);
    assert.equal(added.code, 0, added.err);
    assert.match(added.out, /stored already stays as it is.* also those of the removed recipients/);
    assert.equal(Deno.readTextFileSync(config), before.replace(alice, bob));
    assert.deepEqual(repositoryIn(folder).recipients, [bob]);

    Deno.writeTextFileSync(config, before);
    const list = await holdfast(["key", "recipients", "--json"]);
    const records = list.out.trim().split("\n").map((line) => JSON.parse(line));
    const recipients = records.filter(({ record }) => record === "recipient");
    assert.deepEqual(recipients.map(({ record: _, ...rest }) => rest), [
      { recipient: alice, kind: "x25519", config: true, repository: false },
      { recipient: bob, kind: "x25519", config: false, repository: true },
    ]);
    const told = await holdfast(["key", "recipients"]);
    assert.match(told.err, /config and repository differ, so runs that write stop/);

    const confirmed = await holdfast(["key", "recipients", "--confirm"]);
    assert.equal(confirmed.code, 0, confirmed.err);
    assert.deepEqual(repositoryIn(folder).recipients, [alice]);
    const again = await holdfast(["key", "recipients", "--confirm"]);
    assert.match(again.out, /the repository and the log say so already/);
    Deno.writeTextFileSync(config, before.replace(/recipients = .*/, 'encryption = "none"'));
    const stopped = await holdfast(["key", "recipients", "--confirm"]);
    assert.match(stopped.out, /from now on is not encrypted/);
    assert.equal(repositoryIn(folder).recipients, undefined);
    const log = await holdfast(["log", "--type", "RecipientsChanged", "--json"]);
    assert.deepEqual(
      log.out.trim().split("\n").map((line) => JSON.parse(line).data.recipients),
      [[alice], [bob], [alice], []],
    );
  }));

Deno.test("a recipient that no key can have is refused before anything is made", () =>
  inPlace(async (place) => {
    // Right by its checksum, and the one point of which every shared secret is zero.
    const zero = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z";
    const { code, err } = await init(place, "--layout", "pack", "--recipient", zero);
    assert.equal(code, 2, err);
    assert.match(err, /recipient 1/);
    // The run's text log is in the state folder.
    const names = [...Deno.readDirSync(place.folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["src", "state"]);
    assert.deepEqual([...Deno.readDirSync(`${place.folder}/state`)].map(({ name }) => name), [
      "logs",
    ]);
  }));

Deno.test("a repository keeps its layout", () =>
  inPlace(async (place) => {
    assert.equal((await init(place)).code, 0);
    const config = `${place.folder}/holdfast.toml`;
    Deno.writeTextFileSync(config, 'layout = "pack"\nencryption = "none"\n', { append: true });
    const { code, err } = await place.holdfast(["key", "recipients", "--confirm"]);
    assert.equal(code, 10, err);
    assert.match(err, /has the layout "mirror", and this job the layout "pack"/);
    Deno.removeSync(config);
    const other = await init(place, "--layout", "pack", "--encryption", "none");
    assert.equal(other.code, 10, other.err);
  }));

Deno.test("init recommends packs for archive classes, and says when nothing is encrypted", () =>
  inPlace(async (place) => {
    const advised = await init(place, "--storage-class", "DEEP_ARCHIVE", "--dry-run");
    assert.match(advised.out, /recommended for DEEP_ARCHIVE: the pack layout/);
    const plain = await init(place, "--storage-class", "GLACIER_IR", "--dry-run");
    assert.doesNotMatch(plain.out, /recommended/);
    const packs = ["--layout", "pack", "--encryption", "none", "--storage-class", "GLACIER"];
    const readable = await init(place, ...packs, "--dry-run");
    assert.doesNotMatch(readable.out, /recommended/);
    assert.match(readable.out, /nothing is encrypted, as encryption = "none" says/);
  }));
