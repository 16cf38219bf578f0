import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/main_program.ts";
import { fakeRunner } from "./fake_runner.ts";
import { fakeSystem } from "./fake_system.ts";

/** What `check`, `prune`, `delete` and `undo` make of their arguments. */
async function run(line: string) {
  const system = fakeSystem();
  try {
    const config = '[job.home]\nsources = "/src"\nrepository = "file:///store"\n';
    Deno.writeTextFileSync(`${system.folder}/holdfast.toml`, config);
    const { runner, calls } = fakeRunner();
    const code = await runProgram(line.split(" "), runner, system);
    return { code, method: calls[0]?.method, options: calls[0]?.input.options, err: system.err() };
  } finally {
    system.remove();
  }
}

Deno.test("check reads nothing, everything, or so many percent", async () => {
  const options = async (line: string) => (await run(line)).options;
  const none = {
    ...{ readData: undefined, snapshots: false, repair: false, lock: false },
    ...{ archived: false, report: undefined },
  };
  assert.deepEqual(await options("check"), none);
  assert.deepEqual(await options("check --read-data"), { ...none, readData: 100 });
  assert.deepEqual(await options("check --read-data=2.5%"), { ...none, readData: 2.5 });
  assert.deepEqual(await options("check --snapshots --read-data 7"), {
    ...{ ...none, readData: 7, snapshots: true },
  });
  assert.deepEqual(await options("check --repair"), { ...none, repair: true });
  assert.deepEqual(await options("check --lock"), { ...none, lock: true });
  assert.deepEqual(await options("check --archived"), { ...none, archived: true });
  const report = { ...none, archived: true, report: "/tmp/r/manifest.json" };
  assert.deepEqual(await options("check --report /tmp/r/manifest.json"), report);
  assert.deepEqual(await run("heal").then(({ method, options }) => [method, options]), [
    ...["heal", {}],
  ]);
  for (const wrong of ["0", "101", "-1", "x", "5%%", "1e1"]) {
    const { code, method, err } = await run(`check --read-data=${wrong}`);
    assert.deepEqual([code, method], [2, undefined], wrong);
    assert.match(err, /--read-data: .* is no percentage/);
  }
});

Deno.test("undo takes the beginning of a run's id, or last", async () => {
  assert.deepEqual((await run("undo last")).options, { run: "last" });
  assert.deepEqual((await run("undo 7F3A9C")).options, { run: "7f3a9c" });
  for (const wrong of ["undo", "undo latest", "undo 7f3", "undo last more"]) {
    const { code, method } = await run(wrong);
    assert.deepEqual([code, method], [2, undefined], wrong);
  }
});

Deno.test("prune takes the share of a pack that may be dead", async () => {
  assert.deepEqual(await run("prune").then(({ method, options }) => [method, options]), [
    "prune",
    { maxDead: undefined },
  ]);
  assert.deepEqual((await run("prune --max-dead 25%")).options, { maxDead: 0.25 });
  assert.deepEqual((await run("prune --max-dead=0")).options, { maxDead: 0 });
  for (const wrong of ["101", "-1", "x", "1e1"]) {
    const { code, method, err } = await run(`prune --max-dead=${wrong}`);
    assert.deepEqual([code, method], [2, undefined], wrong);
    assert.match(err, /--max-dead: .* is no percentage/);
  }
});

Deno.test("delete takes paths as ls prints them, and packs, but not the whole job", async () => {
  const { method, options } = await run("delete docs/a\\xFF/ packs/aa/b --force");
  assert.equal(method, "delete");
  assert.deepEqual(options, { paths: ["docs/a\udcff", "packs/aa/b"], force: true });
  assert.deepEqual((await run("delete a")).options, { paths: ["a"], force: false });
  for (const wrong of ["delete", "delete .", "delete /etc/passwd", "delete a/../b"]) {
    const { code, method } = await run(wrong);
    assert.deepEqual([code, method], [2, undefined], wrong);
  }
});
