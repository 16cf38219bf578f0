/**
 * The tools that `deno task bench` compares with, built from source into the tests' cache folder.
 *
 * `deno run -A scripts/bench_peers.ts` lists what is there; `--install` builds what is missing. Needs
 * Go and Cargo on the PATH, about ten minutes each, 3 GiB of Go's own caches, and as much of Cargo's
 * while it builds.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installedPackers } from "./bench/packers.ts";
import { installedPeers } from "./bench/peers.ts";
import { cacheFolder } from "./cache_folder.ts";
import { mustRun } from "./command.ts";

/** Their own go.mod files refuse `go install`; a module that requires the version builds them. */
const goPeers = [
  { name: "s5cmd", module: "github.com/peak/s5cmd/v2", version: "v2.3.0", main: "" },
  { name: "restic", module: "github.com/restic/restic", version: "v0.18.1", main: "/cmd/restic" },
  { name: "kopia", module: "github.com/kopia/kopia", version: "v0.21.1", main: "" },
  { name: "rclone", module: "github.com/rclone/rclone", version: "v1.75.1", main: "" },
];
const cargoPeers = [{ name: "rustic", crate: "rustic-rs", version: "0.11.4" }];

const { values } = parseArgs({
  args: Deno.args,
  options: { install: { type: "boolean", default: false } },
});
const bin = join(cacheFolder(), "bin");
if (values.install) {
  await mkdir(bin, { recursive: true });
  const isMissing = ({ name }: { name: string }) => !existsSync(join(bin, name));
  for (const peer of goPeers.filter(isMissing)) await buildWithGo(peer);
  for (const peer of cargoPeers.filter(isMissing)) await buildWithCargo(peer);
}
const found = [...await installedPeers(bin), ...await installedPackers(bin)]
  .map(({ name, version }) => `${name} ${version}`);
for (const line of new Set(found)) console.log(line);

async function buildWithGo(
  { name, module, version, main }: typeof goPeers[number],
): Promise<void> {
  console.log(`building ${name} ${version} …`);
  const folder = await Deno.makeTempDir({ prefix: `holdfast-${name}-` });
  try {
    await writeFile(join(folder, "go.mod"), `module x\ngo 1.24\nrequire ${module} ${version}\n`);
    await mustRun(["go", "build", "-o", join(bin, name), module + main], {
      cwd: folder,
      env: { GOFLAGS: "-mod=mod", CGO_ENABLED: "0" },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With the versions of all its libraries that its authors released it with. */
async function buildWithCargo(
  { name, crate, version }: typeof cargoPeers[number],
): Promise<void> {
  console.log(`building ${name} ${version} …`);
  const root = await Deno.makeTempDir({ prefix: `holdfast-${name}-` });
  try {
    await mustRun(["cargo", "install", crate, "--version", version, "--locked", "--root", root]);
    await copyFile(join(root, "bin", name), join(bin, name));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
