import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/main_program.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { ALICE, BOB, QUANTUM } from "../core/recipients.ts";
import { fakeRunner } from "./fake_runner.ts";
import { type FakeOptions, fakeSystem } from "./fake_system.ts";

const CONFIG = `[job.home]
sources = "/src"
repository = "file:///store"
layout = "pack"
recipients = ["${ALICE}"]
`;

async function run(args: string | string[], options: FakeOptions & { config?: string } = {}) {
  const system = fakeSystem(options);
  try {
    const file = `${system.folder}/holdfast.toml`;
    if (options.config !== "") Deno.writeTextFileSync(file, options.config ?? CONFIG);
    const { runner, calls } = fakeRunner();
    const list = typeof args === "string" ? args.split(" ") : args;
    const code = await runProgram(list, runner, system);
    const after = options.config === "" ? "" : Deno.readTextFileSync(file);
    const [call] = calls;
    return { code, call, err: system.err(), folder: system.folder, after };
  } finally {
    system.remove();
  }
}

async function refused(args: string | string[], message: RegExp, config?: string) {
  const { code, call, err } = await run(args, config === undefined ? {} : { config });
  assert.deepEqual([code, call], [2, undefined], String(args));
  assert.match(err, message);
  return err;
}

Deno.test("key generate needs no config and no job", async () => {
  const { code, call, folder } = await run("key generate --output k", { config: "" });
  assert.deepEqual([code, call.method], [0, "keyGenerate"]);
  assert.deepEqual(call.input.options, {
    ...{ to: `${folder}/k`, postQuantum: false, passphrase: false },
  });
  assert.equal(call.input.job, undefined);
  const all = await run("key generate --post-quantum --passphrase --output ~/k -n", { config: "" });
  assert.deepEqual(all.call.input.options, {
    ...{ to: `${all.folder}/home/k`, postQuantum: true, passphrase: true },
  });
  assert.equal(all.call.input.globals.dryRun, true);
  await refused("key generate", /--output/);
  await refused("key generate --output k --passphrase secret", /too many arguments/);
  await refused("key", /no command given/);
});

type Planned = (file: string, job: unknown) => { job: { recipients: readonly string[] } };

Deno.test("key recipients lists, or plans the change of the config", async () => {
  const list = await run("key recipients");
  assert.deepEqual([list.call.method, list.call.input.options], ["keyRecipients", {
    plan: undefined,
  }]);
  const system = fakeSystem();
  try {
    const file = `${system.folder}/holdfast.toml`;
    Deno.writeTextFileSync(file, CONFIG);
    const { runner, calls } = fakeRunner();
    const args = ["key", "recipients", "--add", BOB, "--remove", ALICE.slice(0, 14)];
    assert.equal(await runProgram(args, runner, system), 0);
    const { options, job } = calls[0].input;
    const planned = (options.plan as Planned)(file, job);
    assert.deepEqual(planned.job.recipients, [BOB]);
    assert.equal(Deno.readTextFileSync(file), CONFIG, "planned, not written");
    assert.equal(await runProgram(["key", "recipients", "--confirm"], runner, system), 0);
    const confirmed = (calls[1].input.options.plan as Planned)(file, job);
    assert.deepEqual(confirmed, { job, stage: undefined });
  } finally {
    system.remove();
  }
});

Deno.test("a recipient that is none is refused by its option, and never repeated", async () => {
  const cut = BOB.slice(0, -2);
  await refused(["key", "recipients", "--add", cut], /--add: it is misspelt/);
  const err = await refused(
    ["key", "recipients", "--add", "AGE-SECRET-KEY-1QQQQ"],
    /--add: it is an identity, which has to stay secret/,
  );
  assert.doesNotMatch(err, /QQQQ/);
  await refused(["key", "recipients", "--add", BOB, "--confirm"], /--confirm takes/);
  await refused("key recipients --from file:///store", /unknown option '--from'/);
});

Deno.test("identities are named by --identity, several times, or by the variable", async () => {
  const env = { HOLDFAST_IDENTITY_FILE: "~/env.key" };
  const filesOf = async (args: string, options: FakeOptions = {}) => {
    const { call, folder, err } = await run(args, options);
    assert.ok(call !== undefined, err);
    return call.input.identityFiles.map((file) => file.replace(folder, "."));
  };
  assert.deepEqual(await filesOf("restore --to x --identity a --identity ~/b"), [
    ...["./a", "./home/b"],
  ]);
  assert.deepEqual(await filesOf("ls", { env }), ["./home/env.key"]);
  assert.deepEqual(await filesOf("ls --identity a", { env }), ["./a"]);
  assert.deepEqual(await filesOf("ls", { env: { HOLDFAST_IDENTITY_FILE: "" } }), []);
  assert.deepEqual(await filesOf("log verify --identity a"), ["./a"]);
  assert.deepEqual(await filesOf("key recipients --identity a"), ["./a"]);
  assert.deepEqual(await filesOf("rebuild --from s3://bucket --identity a"), ["./a"]);
});

Deno.test("every command that may have to read what is encrypted takes --identity", () => {
  const system = fakeSystem();
  system.remove();
  const program = buildProgram({ system, launch: () => Promise.resolve() });
  const without = program.commands
    .filter(({ options }) => !options.some(({ long }) => long === "--identity"))
    .map((command) => command.name());
  assert.deepEqual(without, ["init", "sync", "key", "completions"]);
});

Deno.test("init writes layout, recipients and encryption into the section", async () => {
  const args = (more: string) => `init --job mail --source m=/m --repository file:///b ${more}`;
  const done = await run(args(`--layout pack --recipient ${ALICE} --recipient ${BOB}`));
  assert.equal(done.code, 0, done.err);
  const { layout, recipients, encryption } = done.call.input.job;
  assert.deepEqual([layout, recipients, encryption], ["pack", [ALICE, BOB], "age"]);
  assert.ok(
    done.after.endsWith(
      `\nrepository = "file:///b"\nlayout = "pack"\nrecipients = ["${ALICE}", "${BOB}"]\n`,
    ),
    done.after,
  );
  const plain = await run(args("--layout pack --encryption none"));
  assert.ok(plain.after.endsWith('\nlayout = "pack"\nencryption = "none"\n'), plain.after);
  const quantum = await run(args(`--recipient ${QUANTUM}`));
  assert.deepEqual(
    [quantum.call.input.job.layout, quantum.call.input.job.encryption],
    ["mirror", "age"],
  );
});

Deno.test("init refuses packs that nobody said are to be readable, and names both ways out", async () => {
  const args = (more: string) =>
    `init --job mail --source m=/m --repository file:///b ${more}`.split(" ");
  const err = await refused(args("--layout pack"), /--layout: the pack layout encrypts/);
  assert.match(err, /holdfast key generate/);
  assert.match(err, /--encryption none on purpose/);
  await refused(args("--encryption age"), /--encryption: "age", and there are no recipients/);
  await refused(
    args(`--recipient ${ALICE} --encryption none`),
    /leave --encryption or --recipient/,
  );
  await refused(args(`--recipient ${ALICE}q`), /--recipient: recipient 1 is misspelt/);
  await refused(args("--layout packs"), /'packs' is invalid/);
  const other = CONFIG.replace('"file:///store"', '"file:///b"').replace('"/src"', '"/m"')
    .replace("job.home", "job.mail");
  const again = args(`--layout pack --recipient ${BOB}`).map((arg) => arg === "m=/m" ? "/m" : arg);
  await refused(again, /job mail is there with other settings/, other);
});

Deno.test("backup's options of the mirror layout are refused for packs", async () => {
  await refused("backup --delete", /--delete has no meaning in the pack layout/);
  await refused("backup --renames copy", /--renames has no meaning in the pack layout/);
  assert.equal((await run("backup --limit-upload 1MiB")).code, 0);
});
