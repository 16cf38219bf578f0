import assert from "node:assert/strict";
import { replaceFile } from "../../src/cli/replace_file.ts";
import { onLinux, withFolder } from "../sources/tree_tools.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("a file is replaced at once when it is committed, and keeps its mode", () =>
  withFolder((folder) => {
    const file = `${folder}/a.toml`;
    Deno.writeTextFileSync(file, "old");
    Deno.chmodSync(file, 0o640);
    const staged = replaceFile(file, bytes("old"), bytes("new"));
    assert.equal(Deno.readTextFileSync(file), "old");
    staged.commit();
    staged.drop();
    assert.equal(Deno.readTextFileSync(file), "new");
    assert.equal(Deno.statSync(file).mode! & 0o777, 0o640);
    assert.deepEqual(names(folder), ["a.toml"]);
  }));

Deno.test("what is not committed leaves nothing, nor does what a crash has left", () =>
  withFolder((folder) => {
    const file = `${folder}/a.toml`;
    Deno.writeTextFileSync(file, "old");
    Deno.writeTextFileSync(`${file}.holdfast-new`, "left over");
    replaceFile(file, bytes("old"), bytes("new")).drop();
    assert.equal(Deno.readTextFileSync(file), "old");
    assert.deepEqual(names(folder), ["a.toml"]);
  }));

Deno.test("a symlink stays one", { ignore: !onLinux }, () =>
  withFolder((folder) => {
    Deno.mkdirSync(`${folder}/dotfiles`);
    Deno.writeTextFileSync(`${folder}/dotfiles/a.toml`, "old");
    Deno.symlinkSync("dotfiles/a.toml", `${folder}/a.toml`);
    replaceFile(`${folder}/a.toml`, bytes("old"), bytes("new")).commit();
    assert.ok(Deno.lstatSync(`${folder}/a.toml`).isSymlink);
    assert.equal(Deno.readTextFileSync(`${folder}/dotfiles/a.toml`), "new");
  }));

Deno.test("what someone else has written meanwhile is not overwritten", () =>
  withFolder((folder) => {
    const file = `${folder}/a.toml`;
    Deno.writeTextFileSync(file, "old");
    const staged = replaceFile(file, bytes("old"), bytes("new"));
    Deno.writeTextFileSync(file, "theirs");
    assert.throws(() => staged.commit(), { kind: "failed", hint: /repeat the command/ });
    staged.drop();
    assert.equal(Deno.readTextFileSync(file), "theirs");
    assert.deepEqual(names(folder), ["a.toml"]);
  }));

Deno.test("a folder that is not there is told before anything else is done", () => {
  assert.throws(() => replaceFile("/nowhere/a.toml", bytes(""), bytes("")), {
    ...{ kind: "failed", message: /the config cannot be replaced/ },
  });
});
