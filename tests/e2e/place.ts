/** A folder for one test, and in it a job that backs up to one of the stores. */
import { shell, withFolder } from "../sources/tree_tools.ts";
import { mustEnd, type Place } from "./holdfast.ts";
import type { S3Server } from "../servers/s3_server.ts";

/** Calls `use` with a place whose folder is removed afterwards, whatever is in it. */
export function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/home`);
    Deno.mkdirSync(`${folder}/src`);
    await use({
      folder,
      config: `${folder}/holdfast.toml`,
      state: `${folder}/state/job.db`,
      env: { HOME: `${folder}/home`, PATH: Deno.env.get("PATH") ?? "", TZ: "UTC" },
    });
  });
}

/** Another job in the same folder: a config and a database of its own. */
export function besides(place: Place, name: string): Place {
  const { folder } = place;
  return { ...place, config: `${folder}/${name}.toml`, state: `${folder}/${name}/job.db` };
}

/** The environment of a user of this server. */
export function withServer(
  place: Place,
  server: Pick<S3Server, "accessKey" | "secretKey">,
): Place {
  const env = {
    ...place.env,
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
    AWS_REGION: "us-east-1",
  };
  return { ...place, env };
}

export interface JobOptions {
  /** As --source takes it; `src` of the place by default. */
  readonly sources?: readonly string[];
  /** Lines of the job's section. */
  readonly config?: readonly string[];
  /** Further arguments of `init`. */
  readonly init?: readonly string[];
}

/** `init` with these options of the repository, then the further config lines. */
export async function initJob(
  place: Place,
  repository: readonly string[],
  { sources = [`${place.folder}/src`], config = [], init = [] }: JobOptions = {},
): Promise<void> {
  const named = sources.flatMap((source) => ["--source", source]);
  await mustEnd(0, place, [
    "--job",
    "e2e",
    "init",
    ...named,
    ...init,
    "--repository",
    ...repository,
  ]);
  addConfig(place, config);
}

/** Lines of the job's section, which is the last of its file. */
export function addConfig({ config }: Place, lines: readonly string[]): void {
  const text = lines.map((line) => `${line}\n`).join("");
  if (text !== "") Deno.writeTextFileSync(config, text, { append: true });
}

/** Replaces a text in the config; the test is wrong where it is not there. */
export function editConfig({ config }: Place, from: string | RegExp, to: string): void {
  const text = Deno.readTextFileSync(config);
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`${from} is not in ${text}`);
  Deno.writeTextFileSync(config, edited);
}

/** A job that backs up `src` to the folder store `store`. */
export async function folderJob(place: Place, options: JobOptions = {}): Promise<Place> {
  await initJob(place, [`file://${place.folder}/store`], options);
  return place;
}

/** A job that backs up `src` to this bucket. */
export async function s3Job(
  place: Place,
  server: Pick<S3Server, "accessKey" | "secretKey" | "endpoint">,
  bucket: string,
  options: JobOptions = {},
): Promise<Place> {
  const user = withServer(place, server);
  await initJob(user, s3Repository(server, bucket), options);
  return user;
}

export function s3Repository({ endpoint }: Pick<S3Server, "endpoint">, bucket: string): string[] {
  const path = ["--endpoint", endpoint, "--region", "us-east-1", "--force-path-style"];
  return [`s3://${bucket}`, ...path];
}

/** A little of everything ordinary: folders, files, a link, an empty folder. */
export function makeSmallTree(folder: string): void {
  shell(
    folder,
    `mkdir -p docs/letters empty pictures; echo one > docs/one.txt; echo two > docs/letters/two.txt
     head -c 200000 /dev/urandom > pictures/large.jpg; : > nothing; ln -s docs/one.txt link`,
  );
}

/** Longer than the racy window of a local file system: what is made before it is settled after it. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}
