/** `restore --select` as a person has it: a terminal of its own, keys, what is planned then. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { isInstalled } from "../../scripts/command.ts";
import { projectRoot } from "../../scripts/project_root.ts";
import { twoBackups } from "../app/look_fixture.ts";
import { createLog } from "../sqlite/log_fixture.ts";

Deno.test("restore --select restores what was chosen with keys at a terminal", async () => {
  if (!await isInstalled("script")) {
    const message = "script(1) of util-linux is missing: no terminal to try it at";
    assert.notEqual(Deno.env.get("CI"), "true", message);
    return console.log(`skipped: ${message}`);
  }
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-select-" });
  try {
    const log = createLog(`${folder}/home.db`);
    twoBackups(log);
    log.close();
    Deno.writeTextFileSync(
      `${folder}/holdfast.toml`,
      `[job.home]\nsources = "/src"\nrepository = "file://${folder}/store"\n`,
    );
    const command = [Deno.execPath(), "run", "-A", "--no-check", join(projectRoot, "src/main.ts")];
    const args = `restore --select --dry-run --to ${folder}/out --config ${folder}/holdfast.toml ` +
      `--state ${folder}/home.db`;
    // Down from b.txt to docs/, into it, down to its first file.
    const screen = await atTerminal(`${command.join(" ")} ${args}`, [
      ["type to find", "\x1b[B\x1b[C\x1b[B "],
      ["1 path chosen", "\r"],
    ]);
    assert.match(screen, /› {3}\[x\] {3}a\.txt/);
    assert.match(screen, /plan: write 3 entries, 7 B, to /);
    const left = await atTerminal(`${command.join(" ")} ${args}; echo "code $?"`, [
      ["type to find", "\x1b"],
    ]);
    assert.match(left, /error: nothing was chosen[^]*code 130/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

/** Runs a shell command at a terminal, types each text once what it waits for was shown. */
async function atTerminal(
  command: string,
  steps: readonly (readonly [shown: string, typed: string])[],
): Promise<string> {
  const child = new Deno.Command("script", {
    args: ["-qefc", command, "/dev/null"],
    env: { TERM: "xterm", COLUMNS: "80", NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(30_000),
  }).spawn();
  const keyboard = child.stdin.getWriter();
  const waiting = [...steps];
  let screen = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += chunk;
    if (waiting.length === 0 || !screen.includes(waiting[0][0])) continue;
    await keyboard.write(new TextEncoder().encode(waiting.shift()![1]));
  }
  await keyboard.close().catch(() => {});
  await child.stderr.cancel();
  await child.status;
  return screen;
}
