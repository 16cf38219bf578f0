/** Repositories that earlier versions have made: they are restored for ever. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasCommand, onLinux, run, shell } from "../sources/tree_tools.ts";
import { holdfast, mustEnd, type Place, recordsOf } from "./holdfast.ts";
import { withPlace } from "./place.ts";

const golden = fileURLToPath(new URL("../golden", import.meta.url));
const names = readdirSync(golden).filter((name) => name.endsWith(".tar.zst"))
  .map((name) => name.slice(0, -".tar.zst".length));
const commands = ["zstd", "getfattr", "getfacl"];

for (const name of names) {
  const test = `the golden repository ${name} comes back as it was, its first state and its last`;
  Deno.test({
    name: test,
    ignore: !onLinux,
    fn: () =>
      withPlace(async (empty) => {
        if (!commands.every((command) => hasCommand(test, command))) return;
        const { folder } = empty;
        shell(folder, `zstd -dc '${golden}/${name}.tar.zst' | tar -x`);
        const place = { ...empty, config: "", state: "" };
        const from = ["--from", `file://${folder}/store`, "--identity", `${golden}/identity.txt`];
        const [first] = await snapshotsOf(place, from);
        const restored = [
          ["first", ["--snapshot", `${first}`]],
          ["last", []],
        ] as const;
        for (const [state, which] of restored) {
          await mustEnd(0, place, ["restore", ...from, ...which, "--to", `${folder}/${state}`]);
          const facts = run("bash", [`${golden}/facts.sh`, `${folder}/${state}`]);
          assert.equal(facts, Deno.readTextFileSync(`${golden}/${name}.${state}.facts`));
        }
      }),
  });
}

async function snapshotsOf(place: Place, from: readonly string[]): Promise<number[]> {
  const ended = await holdfast(place, ["--json", "snapshots", ...from]);
  assert.equal(ended.code, 0, ended.said);
  return recordsOf(ended).filter(({ record }) => record === "snapshot")
    .map(({ position }) => position);
}
