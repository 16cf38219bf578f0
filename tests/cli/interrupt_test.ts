import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./interrupt_program.ts", import.meta.url));
const config = '[job.a]\nsources = "/a"\nrepository = "s3://bucket"\n';

/** Starts the program and resolves once its command runs. */
async function start(args: string[]) {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-interrupt-" });
  Deno.writeTextFileSync(`${folder}/holdfast.toml`, config);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", program, ...args],
    cwd: folder,
    env: { HOLDFAST_CONFIG: "", XDG_STATE_HOME: folder, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    child,
    reader,
    async end() {
      const [status, stderr] = await Promise.all([
        child.status,
        new Response(child.stderr).text(),
      ]);
      await reader.cancel();
      Deno.removeSync(folder, { recursive: true });
      return { code: status.code, stderr };
    },
  };
}

const ignore = Deno.build.os === "windows";

Deno.test({ name: "the first SIGINT or SIGTERM ends a run cleanly with 130", ignore }, async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const run = await start(["backup"]);
    run.child.kill(signal);
    const { code, stderr } = await run.end();
    assert.equal(code, 130, stderr);
    assert.match(stderr, /note: stopping; once more to stop at once\nerror: interrupted\nhint: /);
  }
});

Deno.test({ name: "the second one ends the process at once, with 130 too", ignore }, async () => {
  const run = await start(["backup", "--yes"]);
  run.child.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 200));
  run.child.kill("SIGTERM");
  assert.equal((await run.end()).code, 130);
});

Deno.test({ name: "a command that looks ends quietly when its reader goes", ignore }, async () => {
  const run = await start(["ls"]);
  await run.reader.cancel();
  assert.deepEqual(await run.end(), { code: 0, stderr: "" });
});
