import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/main_program.ts";
import { stateName } from "../../src/cli/url_job.ts";
import { type Call, fakeRunner } from "./fake_runner.ts";
import { type FakeOptions, fakeSystem } from "./fake_system.ts";

interface Ran {
  readonly code: number;
  readonly calls: readonly Call[];
  readonly err: string;
  readonly folder: string;
}

/** In a folder without a config. */
async function run(args: string, options: FakeOptions = {}): Promise<Ran> {
  const system = fakeSystem(options);
  try {
    const { runner, calls } = fakeRunner();
    const code = await runProgram(args.split(" "), runner, system);
    return { code, calls, err: system.err(), folder: system.folder };
  } finally {
    system.remove();
  }
}

async function jobOf(args: string, options: FakeOptions = {}) {
  const { code, calls, err, folder } = await run(args, options);
  assert.equal(code, 0, err);
  return { ...calls[0].input, method: calls[0].method, err, folder };
}

Deno.test("backup --to needs no config: its job is made of the URL and the sources", async () => {
  const { job, options, stateFile, err, folder, method } = await jobOf(
    "backup docs --to s3://bucket/My.Docs/ --storage-class STANDARD_IA --region eu-central-1",
  );
  assert.equal(method, "backup");
  assert.match(job.name, /^my-docs-[0-9a-f]{12}$/);
  assert.deepEqual(job.sources.map(({ name, path }) => [name, path]), [["", `${folder}/docs`]]);
  assert.deepEqual([job.repository.url, job.storageClass], ["s3://bucket/My.Docs", "STANDARD_IA"]);
  assert.equal(job.s3.region, "eu-central-1");
  assert.deepEqual(options, {
    ...{ acceptDeletions: false, description: undefined, makeRepository: true },
  });
  assert.equal(stateFile, `${folder}/home/.local/state/holdfast/${job.name}.db`);
  assert.ok(err.includes(`note: job ${job.name}, database ${stateFile}\n`), err);
});

Deno.test("the database's name comes from URL and endpoint alone, and never changes", async () => {
  const place = (url: string) => ({ kind: "folder", url, folder: "" }) as const;
  assert.equal(stateName(place("file:///mnt/backup/photos"), undefined), "photos-e7cf828a48e4");
  const name = async (args: string, options?: FakeOptions) => (await jobOf(args, options)).job.name;
  const plain = await name("backup a --to s3://bucket/x");
  assert.equal(await name("sync b s3://bucket/x/"), plain);
  assert.equal(await name("snapshots --from s3://bucket/x"), plain);
  const other = await name("snapshots --from s3://bucket/x --endpoint http://nas:9000");
  assert.notEqual(other, plain);
  const env = { AWS_ENDPOINT_URL_S3: "http://nas:9000/" };
  assert.equal(await name("snapshots --from s3://bucket/x", { env }), other);
  assert.equal(await name("--job mine snapshots --from s3://bucket/x"), "mine");
  assert.match(await name("snapshots --from s3://bucket/%C3%A9/"), /^c3-a9-[0-9a-f]{12}$/);
});

Deno.test("several sources are called as their folders are, or as they say", async () => {
  const { job } = await jobOf("backup /a/docs mail=/b/inbox /c/photos/ --to file:///backup");
  assert.deepEqual(job.sources.map(({ name }) => name), ["docs", "mail", "photos"]);
});

Deno.test("sync is backup in the mirror layout, and deletes nothing without --delete", async () => {
  const { job, method, options } = await jobOf("sync docs file:///backup/docs");
  assert.deepEqual([method, job.layout, job.delete], ["backup", "mirror", false]);
  assert.equal(options.makeRepository, true);
  const deleting = await jobOf(
    "sync docs file:///backup/docs --delete --renames alias --limit-upload 1KiB --description x",
  );
  assert.deepEqual([deleting.job.delete, deleting.job.renames], [true, "alias"]);
  assert.equal(deleting.job.limits.upload[0].rate, 1024);
  assert.equal(deleting.options.description, "x");
  const { job: read } = await jobOf("restore --to out --from file:///b --limit-download 2KiB");
  assert.equal(read.limits.download[0].rate, 2048);
});

Deno.test("commands that read take --from, and the job has no sources then", async () => {
  for (const command of ["restore --to out", "ls docs", "log", "status", "log verify"]) {
    const { job, err } = await jobOf(`${command} --from file:///backup/docs`);
    assert.deepEqual([job.sources, job.repository.url], [[], "file:///backup/docs"], command);
    assert.match(err, /note: job docs-/);
    assert.ok(!job.text.includes("sources"));
  }
  const { method, options } = await jobOf("ls --remote --from file:///backup/docs docs/");
  assert.deepEqual([method, options], ["lsRemote", { prefix: "docs/" }]);
});

Deno.test("what does not go together is refused before anything is done", async () => {
  const wrong: Record<string, RegExp> = {
    "backup docs": /no repository to back docs up to[^]*add --to URL/,
    "backup --to file:///backup": /nothing says what to back up/,
    "backup --endpoint http://nas": /--endpoint has no meaning without --to/,
    "backup --storage-class GLACIER": /--storage-class has no meaning without --to/,
    "backup a/x b/x --to file:///backup": /would both be called x/,
    "backup / a --to file:///backup": /the source \/ has no name of its own/,
    "backup a .holdfast --to file:///backup": /SRC: expected a name/,
    "backup a --to /backup": /--to: repository URL "\/backup" has no scheme/,
    "backup a --to s3://bucket --config x.toml": /--config and --to name two jobs/,
    "backup a --to file:///b --region x": /has no meaning for a file/,
    "sync a s3://bucket --storage-class BIG": /--storage-class: expected/,
    "ls --from b": /--from: repository URL/,
    "ls --force-path-style": /--force-path-style has no meaning without --from/,
    "ls --remote --long": /--long has no meaning with --remote/,
    "backup --limit-upload fast": /--limit-upload: "fast" is not a size/,
    "restore --select --to x": /--select needs a terminal/,
  };
  for (const [args, message] of Object.entries(wrong)) {
    const { code, calls, err } = await run(args);
    assert.deepEqual([code, calls], [2, []], args);
    assert.match(err, message);
  }
});
