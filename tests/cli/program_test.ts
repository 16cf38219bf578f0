import assert from "node:assert/strict";
import { fastAnswer } from "../../src/cli/fast_answer.ts";
import { runProgram } from "../../src/cli/main_program.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { VERSION } from "../../src/cli/version.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { type Call, fakeRunner } from "./fake_runner.ts";
import { type FakeOptions, type FakeSystem, fakeSystem } from "./fake_system.ts";
import { assertGolden } from "./golden.ts";

interface Result {
  readonly code: number;
  readonly calls: Call[];
  readonly out: string;
  readonly err: string;
}

const config = '[job.photos]\nsources = "/a"\nrepository = "s3://bucket"\nlog_keep = 2\n';

type Handler = Parameters<typeof fakeRunner>[0];

async function run(
  args: string[],
  options: FakeOptions & { handle?: Handler; inspect?: (system: FakeSystem) => void } = {},
): Promise<Result> {
  const system = fakeSystem(options);
  try {
    Deno.writeTextFileSync(`${system.folder}/holdfast.toml`, config);
    const { runner, calls } = fakeRunner(options.handle);
    const code = await runProgram(args, runner, system);
    options.inspect?.(system);
    const plain = (text: string) => text.replaceAll(system.folder, "FOLDER");
    return { code, calls, out: plain(system.out()), err: plain(system.err()) };
  } finally {
    system.remove();
  }
}

Deno.test("the version is answered before anything is loaded", () => {
  assert.equal(fastAnswer(["--version"]), VERSION);
  assert.equal(fastAnswer(["-V"]), VERSION);
  assert.equal(fastAnswer(["backup"]), undefined);
  assert.equal(fastAnswer(["backup", "--version"]), undefined);
});

/** "log", "log verify": every command that there is. */
function commandNames(): string[] {
  const system = fakeSystem();
  system.remove();
  const program = buildProgram({ system, launch: () => Promise.resolve() });
  return program.commands.flatMap((command) => [
    command.name(),
    ...command.commands.map((inner) => `${command.name()} ${inner.name()}`),
  ]);
}

Deno.test("each command's help has an example", async () => {
  const texts = [(await run(["help"])).out];
  for (const command of commandNames()) {
    const { out, code } = await run([...command.split(" "), "--help"]);
    assert.equal(code, 0);
    assert.match(out, /\nExamples?:\n {2}\$ holdfast /, command);
    texts.push(`$ holdfast ${command} --help\n${out}`);
  }
  assertGolden("help.txt", texts.join("\n"));
});

Deno.test("wrong arguments end with exit code 2, a hint, and without calling anything", async () => {
  const wrong = [
    [],
    ["bakup"],
    ["sing"],
    ["backup", "--jbo", "photos"],
    ["backup", "now"],
    ["restore"],
    ["restore", "--to", "x", "--overwrite", "sometimes"],
    ["restore", "--to", "x", "--at", "yesterday"],
    ["restore", "--to", "x", "--at", "5", "--snapshot", "latest"],
    ["restore", "--to", "x", "/etc"],
    ["restore", "--to", "x", "--files-from", "missing.txt"],
    ["restore", "--to", "x", "--tier", "bulk", "--allow-slower"],
    ["restore", "--to", "x", "--wait", "--request-only"],
    ["restore", "--wait", "docs"],
    ["restore", "--wait", "--days", "3"],
    ["restore", "--wait", "--overwrite", "never"],
    ["restores", "resume", "3", "--tier", "standard", "--allow-slower"],
    ["ls", "--snapshot", "newest"],
    ["ls", "--collate", "0"],
    ["ls", "--collate", "2", "--long"],
    ["ls", "--remote", "--collate", "1"],
    ["decrypt", "--to", "x"],
    ["decrypt", "packs"],
    ["decrypt", "packs", "--to", "x", "--from", "s3://bucket"],
    ["find"],
    ["find", "*", "--type", "dir"],
    ["find", "*", "--larger", "1G"],
    ["find", "*", "--all", "--at", "5"],
    ["diff", "5"],
    ["diff", "5", "now"],
    ["history"],
    ["forget", "--keep-daily", "x"],
    ["forget", "5", "--keep-last", "1"],
    ["forget", "newest"],
    ["log", "--type", "RunStartet"],
    ["log", "--since", "5"],
    ["log", "verify", "--since", "7d"],
    ["init", "--source", "/a", "--repository", "s3://bucket"],
    ["init", "--job", "x", "--source", "a=", "--repository", "s3://bucket"],
    ["init", "--job", "photos", "--source", "/b", "--repository", "s3://bucket"],
    ["status", "--job", "photo"],
    ["status", "--config", "other.toml"],
    ["status", "--log-level", "all"],
  ];
  const texts: string[] = [];
  for (const args of wrong) {
    const { code, calls, out, err } = await run(args);
    assert.equal(code, 2, args.join(" "));
    assert.deepEqual(calls, []);
    if (args.length === 0) assert.match(out, /^Usage: holdfast/);
    else texts.push(`$ holdfast ${args.join(" ")}\n${err}`);
  }
  assertGolden("usage_errors.txt", texts.join("\n"));
});

Deno.test("with --json a usage error is a record too", async () => {
  const { out, code } = await run(["bakup", "--json"]);
  assert.equal(code, 2);
  assert.deepEqual(JSON.parse(out), {
    record: "error",
    kind: "usage",
    message: "unknown command 'bakup'",
    context: {},
    hint: "did you mean backup?",
    exit: 2,
  });
});

const NO_WISHES = {
  ...{ tier: undefined, days: undefined, budget: undefined },
  ...{ slower: false, wait: false, requestOnly: false, viaBatch: false },
};

Deno.test("options reach the runner typed, wherever global ones stand", async () => {
  const restore = await run([
    ..."--job photos restore a/b ./c/ --to out --at 12 --include *.jpg --include *.png".split(" "),
    ..."--exclude x --files-from - --overwrite if-changed --dry-run".split(" "),
  ], { stdin: new TextEncoder().encode("d\ne/f\n") });
  const [{ method, input }] = restore.calls;
  assert.equal(method, "restore");
  assert.equal(input.globals.dryRun, true);
  assert.deepEqual({ ...input.options, to: undefined }, {
    paths: ["a/b", "c", "d", "e/f"],
    to: undefined,
    state: { kind: "position", position: 12 },
    include: ["*.jpg", "*.png"],
    exclude: ["x"],
    overwrite: "if-changed",
    choose: undefined,
    warmUp: NO_WISHES,
  });
  const { calls: [cold] } = await run(
    "restore --to out --tier expedited --days 3 --max-cost 2.5 --allow-slower --wait".split(" "),
  );
  assert.deepEqual(cold.input.options.warmUp, {
    ...{ tier: "Expedited", days: 3, budget: 2.5, slower: true, wait: true, requestOnly: false },
    viaBatch: false,
  });
  const via = "restore --to out --via batch-operations";
  const { calls: [batch] } = await run(via.split(" "));
  assert.deepEqual(batch.input.options.warmUp, { ...NO_WISHES, viaBatch: true });
  assert.equal((await run(`${via} --tier expedited`.split(" "))).calls.length, 0);
  const { calls: [open] } = await run(["restore", "--wait"]);
  assert.deepEqual([open.method, open.input.options], [
    "restores",
    { kind: "resume", job: undefined, warmUp: { ...NO_WISHES, wait: true } },
  ]);
  const { calls: [resumed] } = await run(["restores", "resume", "3", "--request-only"]);
  assert.deepEqual(resumed.input.options, {
    ...{ kind: "resume", job: 3, warmUp: { ...NO_WISHES, requestOnly: true } },
  });
  const { calls: [listed] } = await run(["restore-status"]);
  assert.deepEqual([listed.method, listed.input.options], ["restores", { kind: "list" }]);
  const { calls: [uploads] } = await run(["uploads", "--abort", "--older-than", "7d"]);
  assert.deepEqual(uploads.input.options, { abort: true, olderThan: 7 * 86_400_000 });
  const { calls: [ls] } = await run(["ls", "-lr", "--snapshot", "latest"]);
  assert.deepEqual(ls.input.options, {
    path: "",
    state: { kind: "snapshot", snapshot: "latest" },
    recursive: true,
    long: true,
    collate: undefined,
  });
  const { calls: [show] } = await run(["show", "--collate", "2", "a"]);
  assert.deepEqual([show.method, show.input.options.path, show.input.options.collate], [
    ...["ls", "a", 2],
  ]);
  const decrypt = await run([
    "decrypt",
    "a",
    "/b/x.tar.zst",
    "--to",
    "out",
    "--overwrite",
    "always",
  ]);
  const [{ method: tool, input: { options, job } }] = decrypt.calls;
  assert.deepEqual([tool, job, options.overwrite], ["decrypt", undefined, "always"]);
  const [folder] = (options.paths as string[])[0].split("/a");
  assert.deepEqual([options.paths, options.to], [[`${folder}/a`, "/b/x.tar.zst"], `${folder}/out`]);
  const { calls: [backup] } = await run(["backup", "--accept-deletions"]);
  assert.deepEqual(backup.input.options, {
    ...{ acceptDeletions: true, description: undefined, makeRepository: false },
  });
  assert.equal(backup.input.job.name, "photos");
  const { calls: [verify] } = await run(["log", "verify", "--chain"]);
  assert.deepEqual([verify.method, verify.input.options], ["logVerify", {
    chain: true,
    local: false,
  }]);
});

Deno.test("init writes its section once the run has succeeded, and not before", async () => {
  const args = ["init", "--job", "mail", "--source", "m=~/Mail", "--repository", "file:///backup"];
  const text = (system: FakeSystem) => Deno.readTextFileSync(`${system.folder}/holdfast.toml`);
  const failed = await run(args, {
    handle: () => 1,
    inspect: (system) => assert.equal(text(system), config),
  });
  assert.equal(failed.code, 1);
  const dry = await run([...args, "--dry-run"], {
    inspect: (system) => assert.equal(text(system), config),
  });
  assert.equal(dry.code, 0);
  const done = await run(args, {
    inspect(system) {
      const path = `${system.home}/Mail`;
      assert.ok(
        text(system).endsWith(
          `\n[job.mail]\nsources = [{ name = "m", path = "${path}" }]\nrepository = "file:///backup"\n`,
        ),
      );
    },
  });
  assert.equal(done.calls[0].input.job.name, "mail");
});

Deno.test("what a command throws is shown with its hint and decides the exit code", async () => {
  const { code, err, out } = await run(["backup", "--json"], {
    handle: () => {
      throw new HoldfastError("no-repository", "no database for job photos", {
        context: { state: "/x.db" },
        hint: "run holdfast init",
      });
    },
  });
  assert.equal(code, 10);
  assert.equal(
    err,
    "error: no database for job photos\n  state: /x.db\nhint: run holdfast init\n",
  );
  assert.equal(JSON.parse(out).exit, 10);
});

Deno.test("a fault that is no HoldfastError ends with exit code 1 and says what to do", async () => {
  const { code, err } = await run(["status"], {
    handle: () => {
      throw new TypeError("x is not a function");
    },
  });
  assert.equal(code, 1);
  assert.match(err, /^error: x is not a function\nhint: .*--debug/);
  const debug = await run(["status", "--debug"], {
    handle: () => {
      throw new TypeError("x is not a function");
    },
  });
  assert.match(debug.err, /program_test\.ts/);
});

Deno.test("runs leave a text log without secrets, and log_keep of them stay", async () => {
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const system = fakeSystem({ env: { AWS_SECRET_ACCESS_KEY: secret } });
  try {
    Deno.writeTextFileSync(`${system.folder}/holdfast.toml`, config);
    const { runner } = fakeRunner(({ output, logFolder }) => {
      Deno.writeTextFileSync(`${logFolder}/mine.log`, "");
      output.signal({ kind: "notice", text: `signed with ${secret}` });
      output.signal({ kind: "entry-error", path: "a/b", reason: "EACCES: permission denied" });
      return 3;
    });
    for (let i = 0; i < 4; i++) {
      assert.equal(await runProgram(["backup"], runner, system), 3);
      system.advance(1000);
    }
    const folder = `${system.home}/.local/state/holdfast/logs/photos`;
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(names, [
      "20260501T120002.000Z-backup.log",
      "20260501T120003.000Z-backup.log",
      "mine.log",
    ]);
    assert.equal(Deno.statSync(folder).mode! & 0o777, 0o700);
    assert.equal(Deno.statSync(`${folder}/${names[0]}`).mode! & 0o777, 0o600);
    const text = Deno.readTextFileSync(`${folder}/${names[0]}`);
    assert.match(text, /Z info {2}holdfast \S+ backup of job photos\n/);
    assert.match(text, /Z warn {2}failed: a\/b: EACCES: permission denied\n/);
    assert.match(text, /Z info {2}exit code 3\n$/);
    assert.ok(!text.includes(secret) && !system.err().includes(secret));
    assert.match(system.err(), /note: signed with \[removed\]\n/);
  } finally {
    system.remove();
  }
});

Deno.test("commands that only look leave no text log", async () => {
  await run(["status"], {
    inspect(system) {
      assert.throws(() => Deno.statSync(`${system.home}/.local`), Deno.errors.NotFound);
    },
  });
});

Deno.test("help whose reader has gone ends quietly", async () => {
  const system = fakeSystem();
  try {
    const { runner } = fakeRunner();
    const stdout = {
      ...system.stdout,
      write: () => {
        throw new Deno.errors.BrokenPipe("broken pipe");
      },
    };
    assert.equal(await runProgram(["help", "restore"], runner, { ...system, stdout }), 0);
    assert.equal(system.err(), "");
  } finally {
    system.remove();
  }
});
