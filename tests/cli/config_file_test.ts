import assert from "node:assert/strict";
import { findConfig, loadConfig, selectJob } from "../../src/cli/config_file.ts";
import { stateFolder, userConfigFile } from "../../src/cli/standard_places.ts";
import { stateFile } from "../../src/cli/state_file.ts";
import { type FakeOptions, type FakeSystem, fakeSystem } from "./fake_system.ts";

const section = (name: string) => `[job.${name}]\nsources = "/a"\nrepository = "file:///b"\n`;

function withSystem(options: FakeOptions, test: (system: FakeSystem) => void): void {
  const system = fakeSystem(options);
  try {
    test(system);
  } finally {
    system.remove();
  }
}

Deno.test("the config is --config, HOLDFAST_CONFIG, ./holdfast.toml, then the user's", () => {
  withSystem({ env: { HOLDFAST_CONFIG: "named.toml" } }, (system) => {
    assert.equal(findConfig(system, "~/x.toml").file, `${system.home}/x.toml`);
    assert.deepEqual(findConfig(system, undefined), {
      file: `${system.folder}/named.toml`,
      present: false,
    });
  });
  withSystem({}, (system) => {
    const user = `${system.home}/.config/holdfast/holdfast.toml`;
    assert.deepEqual(findConfig(system, undefined), { file: user, present: false });
    Deno.mkdirSync(`${system.home}/.config/holdfast`, { recursive: true });
    Deno.writeTextFileSync(user, "");
    assert.deepEqual(findConfig(system, undefined), { file: user, present: true });
    Deno.writeTextFileSync(`${system.folder}/holdfast.toml`, "");
    assert.equal(findConfig(system, undefined).file, `${system.folder}/holdfast.toml`);
  });
});

Deno.test("a missing config, an unreadable one and one that is not UTF-8 are named", () => {
  withSystem({}, (system) => {
    const file = `${system.folder}/holdfast.toml`;
    assert.throws(() => loadConfig(system, { file, present: false }), {
      kind: "usage",
      message: `no config at ${file}`,
    });
    Deno.writeFileSync(file, Uint8Array.of(0xff));
    assert.throws(() => loadConfig(system, { file, present: true }), /not UTF-8/);
    assert.throws(
      () => loadConfig(system, { file: system.folder, present: true }),
      { kind: "usage" },
    );
  });
});

Deno.test("the job is the one named, or the only one", () => {
  withSystem({}, (system) => {
    const file = `${system.folder}/holdfast.toml`;
    const load = (text: string) => {
      Deno.writeTextFileSync(file, text);
      return loadConfig(system, { file, present: true });
    };
    assert.equal(selectJob(load(section("a")), undefined).name, "a");
    const two = load(section("photos") + section("mail"));
    assert.equal(selectJob(two, "mail").name, "mail");
    assert.throws(() => selectJob(two, undefined), {
      hint: "choose one: --job photos, --job mail",
    });
    assert.throws(() => selectJob(two, "photo"), { hint: "did you mean photos?" });
    assert.throws(() => selectJob(load(""), undefined), { kind: "usage" });
  });
});

Deno.test("state and config lie where the platform wants them", () => {
  const env = { XDG_STATE_HOME: "/state", XDG_CONFIG_HOME: "/config" };
  withSystem({ env }, (system) => {
    assert.equal(stateFile(system, "photos", undefined), "/state/holdfast/photos.db");
    assert.equal(stateFile(system, "photos", "x.db"), `${system.folder}/x.db`);
    assert.equal(userConfigFile(system), "/config/holdfast/holdfast.toml");
  });
  withSystem({ env: { XDG_STATE_HOME: "relative" } }, (system) => {
    assert.equal(stateFolder(system), `${system.home}/.local/state/holdfast`);
  });
  withSystem({ platform: "darwin" }, (system) => {
    assert.equal(stateFolder(system), `${system.home}/Library/Application Support/holdfast`);
  });
});
