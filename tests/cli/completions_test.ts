import assert from "node:assert/strict";
import { isInstalled, run } from "../../scripts/command.ts";
import { completionScript } from "../../src/cli/completions/completion_script.ts";
import { completionWords, valueFlags } from "../../src/cli/completions/completion_words.ts";
import { runProgram } from "../../src/cli/main_program.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { fakeRunner } from "./fake_runner.ts";
import { fakeSystem } from "./fake_system.ts";

const system = fakeSystem();
system.remove();
const program = buildProgram({ system, launch: () => Promise.resolve() });

/** What the generated function offers for these words; the last is the one being typed. */
async function offered(words: readonly string[]): Promise<string[]> {
  const list = words.map((word) => `'${word}'`).join(" ");
  const script = `${completionScript("bash", program)}
holdfast() { [[ "$*" == "completions --jobs" ]] && printf 'photos\\nhome\\n'; }
complete -p holdfast >/dev/null || exit 1
COMP_WORDS=(holdfast ${list}); COMP_CWORD=${words.length}
_holdfast
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return await linesOf(["bash", "--norc", "-c", script]);
}

async function linesOf(command: string[], cwd = "/tmp"): Promise<string[]> {
  const { code, stdout, stderr } = await run(command, { cwd });
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

Deno.test("bash completes commands, their options, choices and job names", async () => {
  assert.deepEqual(await offered(["ba"]), ["backup"]);
  assert.deepEqual(await offered(["--job", "photos", "rest"]), ["restore", "restores"]);
  assert.deepEqual(await offered(["restore", "--overwrite", "if"]), ["if-changed"]);
  assert.deepEqual(await offered(["backup", "--job", ""]), ["photos", "home"]);
  assert.deepEqual(await offered(["backup", "--ren"]), ["--renames"]);
  assert.deepEqual(await offered(["backup", "--renames", "al"]), ["alias"]);
  assert.deepEqual(await offered(["--log-level", "de"]), ["debug"]);
  assert.deepEqual(await offered(["log", "v"]), ["verify"]);
  assert.deepEqual(await offered(["restores", "res"]), ["resume"]);
  assert.deepEqual(await offered(["restore", "--tier", "b"]), ["bulk"]);
  assert.deepEqual(await offered(["log", "verify", "--ch"]), ["--chain"]);
  assert.deepEqual(await offered(["completions", "f"]), ["fish"]);
  assert.deepEqual(await offered(["ls", "--at", ""]), []);
  assert.ok((await offered(["ls", "-"])).includes("--dry-run"));
});

Deno.test("bash completes files where a command takes files", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-files-" });
  try {
    Deno.mkdirSync(`${folder}/my photos`);
    Deno.writeTextFileSync(`${folder}/my.toml`, "");
    const files = async (...words: string[]) => (await offered([...words, `${folder}/my.`])).length;
    assert.equal(await files("sync"), 1);
    assert.equal(await files("backup", "--config"), 1);
    assert.equal(await files("restore", "--to"), 1);
    assert.equal(await files("ls"), 0);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("zsh completes the same, where it is installed", async () => {
  if (!await isInstalled("zsh")) return console.log("skipped: zsh is not installed");
  const shown = async (...words: string[]) => {
    const list = words.map((word) => `'${word}'`).join(" ");
    const script = `compdef() { :; }
compadd() { shift; print -l -- "$@"; }
_files() { print files; }
_describe() { local list; list=\${@[-1]}; print -l -- \${(P)list}; }
holdfast() { print -l photos home; }
${completionScript("zsh", program)}
words=(holdfast ${list}); CURRENT=${words.length + 1}
_holdfast`;
    return await linesOf(["zsh", "-f", "-c", script]);
  };
  assert.ok((await shown("")).includes("backup:back up what is new or changed"));
  assert.ok((await shown("log", "")).includes("verify:check the log and the index made from it"));
  assert.deepEqual(await shown("backup", "--job", ""), ["photos", "home"]);
  assert.deepEqual(await shown("-n", "restore", "--overwrite", ""), [
    ...["never", "if-changed", "always"],
  ]);
  assert.deepEqual(await shown("sync", ""), ["files"]);
  assert.ok((await shown("log", "verify", "-")).includes("--chain:the hash chain only"));
});

Deno.test("fish completes the same, where it is installed", async () => {
  if (!await isInstalled("fish")) return console.log("skipped: fish is not installed");
  const home = Deno.makeTempDirSync({ prefix: "holdfast-fish-" });
  try {
    const shown = async (line: string) => {
      const script = `function holdfast; printf 'photos\\nhome\\n'; end
${completionScript("fish", program)}
complete -C '${line}'`;
      const { code, stdout, stderr } = await run(["fish", "--no-config", "-c", script], {
        cwd: home,
        env: { HOME: home },
      });
      assert.deepEqual([code, stderr], [0, ""]);
      return stdout.split("\n").filter((found) => found !== "").map((found) =>
        found.split("\t")[0]
      );
    };
    assert.deepEqual(await shown("holdfast bac"), ["backup"]);
    assert.deepEqual(await shown("holdfast backup --job "), ["home", "photos"]);
    assert.deepEqual(await shown("holdfast restore --overwrite if"), ["if-changed"]);
    assert.deepEqual(await shown("holdfast log ver"), ["verify"]);
    assert.deepEqual(await shown("holdfast log verify --ch"), ["--chain"]);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});

Deno.test("a flag with a value has one with every command: what stands behind it is no command", () => {
  const commands = completionWords(program);
  const valued = new Set(valueFlags(commands));
  const bare = commands.flatMap(({ options }) => options)
    .filter(({ value }) => value === undefined).flatMap(({ flags }) => flags);
  assert.deepEqual(bare.filter((flag) => valued.has(flag)), []);
});

Deno.test("the names of the config's jobs are printed, none where there is no config", async () => {
  const place = fakeSystem();
  try {
    const { runner, calls } = fakeRunner();
    assert.equal(await runProgram(["completions", "--jobs"], runner, place), 0);
    assert.equal(place.out(), "");
    const job = (name: string) => `[job.${name}]\nsources = "/a"\nrepository = "s3://bucket"\n`;
    Deno.writeTextFileSync(`${place.folder}/holdfast.toml`, job("photos") + job("home"));
    assert.equal(await runProgram(["completions", "--jobs"], runner, place), 0);
    assert.equal(place.out(), "photos\nhome\n");
    assert.equal(await runProgram(["completions"], runner, place), 2);
    assert.deepEqual(calls, []);
  } finally {
    place.remove();
  }
});
