import assert from "node:assert/strict";
import type { Policy, Role } from "../../src/core/policy/role_policy.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import { openTestStore } from "../stores/s3/open_store.ts";
import { readStream } from "../stores/store_probes.ts";
import { startPolicyProxy } from "../servers/policy_proxy.ts";
import { freshBucketName } from "../servers/s3_server.ts";
import { startVersitygw } from "../servers/versitygw.ts";
import { type Ran, type S3Job, withS3Job } from "./s3_program.ts";

const server = await startVersitygw();
const proxy = server === undefined ? undefined : startPolicyProxy(server.endpoint);
Deno.test.afterAll(async () => {
  await proxy?.stop();
  await server?.stop();
});

interface World {
  readonly job: S3Job;
  readonly roles: Readonly<Record<Role, Policy>>;
  /** With all rights. */
  readonly admin: ObjectStore;
  /** Runs it with the rights of a role only. */
  as(role: Role, ...args: string[]): Promise<Ran>;
}

interface Setting {
  readonly versioning?: boolean;
  readonly lock?: boolean;
  readonly init?: readonly string[];
}

function onServer(
  name: string,
  { versioning = true, lock = false, init = [] }: Setting,
  use: (w: World) => Promise<void>,
) {
  Deno.test({
    name,
    ignore: server === undefined,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const bucket = freshBucketName();
      await server!.createBucket(bucket, { versioning, lock });
      const admin = openTestStore(server!, bucket, { prefix: "home" });
      const through = { ...server!, endpoint: proxy!.endpoint };
      await withS3Job(through, `s3://${bucket}/home`, async (job) => {
        proxy!.setPolicy(undefined);
        const printed = await job.init(...init, "--print-policy");
        const { roles } = JSON.parse(printed.out);
        done(await job.init(...init));
        await use({
          ...{ job, roles, admin },
          async as(role, ...args) {
            proxy!.setPolicy(roles[role]);
            return await job.run(...args);
          },
        });
      }).finally(() => admin.close());
    },
  });
}

function done(ran: Ran, code = 0): Ran {
  assert.equal(ran.code, code, ran.err + ran.out);
  return ran;
}

/** Whether an upload was begun twice is looked for, and no rights for that are no failure. */
function assertNothingRefused(): void {
  const others = proxy!.refused().filter((one) => one !== "s3:ListBucketMultipartUploads ");
  assert.deepEqual(others, []);
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 60));
}

for (const lock of [false, true]) {
  const bucket = lock ? "a locked" : "a versioned";
  const init = lock ? ["--lock-for", "30d"] : [];
  onServer(`a key that only backs up is enough in ${bucket} bucket`, { lock, init }, async (w) => {
    const { job, admin } = w;
    Deno.writeTextFileSync(`${job.source}/a.txt`, "first");
    Deno.writeFileSync(`${job.source}/large.bin`, new Uint8Array(20 << 20).fill(7));
    await settled();
    done(await w.as("backup_only", "backup"));
    assertNothingRefused();

    Deno.renameSync(`${job.source}/large.bin`, `${job.source}/renamed.bin`);
    Deno.writeTextFileSync(`${job.source}/a.txt`, "second!");
    await settled();
    const { out } = done(await w.as("backup_only", "backup"));
    assertNothingRefused();
    assert.match(out, /left 1 moved entry as an alias/);
    assert.equal(await admin.head("renamed.bin"), undefined);

    done(await w.as("backup_only", "backup"));
    assertNothingRefused();
    const to = `${job.folder}/back`;
    done(await w.as("restore", "restore", "--to", to));
    assertNothingRefused();
    assert.equal(Deno.readTextFileSync(`${to}/a.txt`), "second!");
    assert.equal(Deno.statSync(`${to}/renamed.bin`).size, 20 << 20);
  });
}

onServer(
  "nothing stored before is read, overwritten for good or removed by such a key",
  {},
  async (w) => {
    const { job, admin, roles } = w;
    Deno.writeTextFileSync(`${job.source}/a.txt`, "first");
    await settled();
    done(await w.as("backup_only", "backup"));
    const { versionId } = (await admin.head("a.txt"))!;
    const { bucket } = /^s3:\/\/(?<bucket>[^/]*)/.exec(admin.url)!.groups!;
    const thief = openTestStore({ ...server!, endpoint: proxy!.endpoint }, bucket, {
      prefix: "home",
    });
    proxy!.setPolicy(roles.backup_only);
    const name = { key: "a.txt", versionId: versionId! };
    await assert.rejects(thief.get("a.txt"), { kind: "denied" });
    await assert.rejects(thief.get("a.txt", { versionId: versionId! }), { kind: "denied" });
    await assert.rejects(thief.copy({ key: "a.txt", size: 5 }, "stolen", {}), { kind: "denied" });
    assert.equal((await thief.delete([name])).length, 1);
    assert.equal((await thief.delete([{ key: "a.txt" }])).length, 1);
    await thief.put("a.txt", new TextEncoder().encode("ransom"), {});
    thief.close();
    const body = await readStream((await admin.get("a.txt", { versionId: versionId! })).stream);
    assert.equal(new TextDecoder().decode(body), "first");
  },
);

onServer("a copy that is refused becomes an alias", { versioning: false }, async (w) => {
  const { job } = w;
  Deno.writeTextFileSync(job.config, "delete = true\n", { append: true });
  Deno.writeTextFileSync(`${job.source}/a.txt`, "first");
  Deno.writeTextFileSync(`${job.source}/gone.txt`, "gone");
  await settled();
  done(await w.as("backup_only", "backup"));
  Deno.renameSync(`${job.source}/a.txt`, `${job.source}/b.txt`);
  Deno.removeSync(`${job.source}/gone.txt`);
  await settled();
  const { out, err } = done(await w.as("backup_only", "backup"));
  assert.match(out, /left 1 moved entry as an alias/);
  assert.match(err, /could not delete gone\.txt/);
});

onServer("packs are stored by such a key, too", {
  init: ["--layout", "pack", "--encryption", "none"],
}, async (w) => {
  const { job } = w;
  Deno.writeTextFileSync(`${job.source}/a.txt`, "first");
  Deno.writeFileSync(`${job.source}/large.bin`, crypto.getRandomValues(new Uint8Array(65_536)));
  await settled();
  done(await w.as("backup_only", "backup"));
  assertNothingRefused();
  Deno.renameSync(`${job.source}/a.txt`, `${job.source}/b.txt`);
  await settled();
  done(await w.as("backup_only", "backup"));
  assertNothingRefused();
  const to = `${job.folder}/back`;
  done(await w.as("restore", "restore", "--to", to));
  assertNothingRefused();
  assert.equal(Deno.readTextFileSync(`${to}/b.txt`), "first");
});

onServer("prune and check work with the rights of their role", {}, async (w) => {
  const { job, admin } = w;
  for (const text of ["first", "second", "third"]) {
    Deno.writeTextFileSync(`${job.source}/a.txt`, text);
    await settled();
    done(await w.as("backup_only", "backup"));
  }
  const { versionId } = (await admin.head("a.txt"))!;
  done(await w.as("prune", "forget", "--keep-last", "1", "--yes"));
  const { out } = done(await w.as("prune", "prune", "--yes"));
  assertNothingRefused();
  assert.match(out, /deleted 2 objects or versions/);
  assert.equal((await admin.head("a.txt"))?.versionId, versionId);
  done(await w.as("prune", "check", "--read-data"));
  assertNothingRefused();
});
