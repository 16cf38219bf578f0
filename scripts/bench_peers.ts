/**
 * The tools that `deno task bench` compares with, built from source into the tests' cache folder.
 *
 * `deno run -A scripts/bench_peers.ts` lists what is there; `--install` builds what is missing. Needs
 * Go on the PATH, about ten minutes and 3 GiB of Go's own caches.
 */
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installedPeers } from "./bench/peers.ts";
import { cacheFolder } from "./cache_folder.ts";
import { mustRun } from "./command.ts";

/** Their own go.mod files refuse `go install`; a module that requires the version builds them. */
const peers = [
  { name: "s5cmd", module: "github.com/peak/s5cmd/v2", version: "v2.3.0", main: "" },
  { name: "restic", module: "github.com/restic/restic", version: "v0.18.1", main: "/cmd/restic" },
  { name: "kopia", module: "github.com/kopia/kopia", version: "v0.21.1", main: "" },
  { name: "rclone", module: "github.com/rclone/rclone", version: "v1.75.1", main: "" },
];

const { values } = parseArgs({
  args: Deno.args,
  options: { install: { type: "boolean", default: false } },
});
const bin = join(cacheFolder(), "bin");
if (values.install) {
  await mkdir(bin, { recursive: true });
  for (const peer of peers) if (!existsSync(join(bin, peer.name))) await build(peer);
}
for (const { name, version } of await installedPeers(bin)) {
  console.log(`${name} ${version}`);
}

async function build({ name, module, version, main }: typeof peers[number]): Promise<void> {
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
