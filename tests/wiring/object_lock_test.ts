import assert from "node:assert/strict";
import { openTestStore } from "../stores/s3/open_store.ts";
import { freshBucketName } from "../servers/s3_server.ts";
import { startVersitygw } from "../servers/versitygw.ts";
import { type Ran, type S3Job, withS3Job } from "./s3_program.ts";

const server = await startVersitygw();
Deno.test.afterAll(() => server?.stop());

interface Place {
  readonly job: S3Job;
  readonly bucket: string;
}

function onServer(name: string, lock: boolean, use: (place: Place) => Promise<void>): void {
  Deno.test({
    name,
    ignore: server === undefined,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const bucket = freshBucketName();
      await server!.createBucket(bucket, { versioning: true, lock });
      await withS3Job(server!, `s3://${bucket}/home`, (job) => use({ job, bucket }));
    },
  });
}

function done(ran: Ran, code = 0): Ran {
  assert.equal(ran.code, code, ran.err + ran.out);
  return ran;
}

async function write({ source }: S3Job, text: string): Promise<void> {
  Deno.writeTextFileSync(`${source}/a.txt`, text);
  await new Promise((resolve) => setTimeout(resolve, 60));
}

onServer(
  "whatever a job with a lock stores is locked, and check proves it",
  true,
  async (place) => {
    const { job, bucket } = place;
    assert.match(
      done(await job.init("--lock-for", "30d")).out,
      /locked for 30 days \(governance\)/,
    );
    await write(job, "first");
    done(await job.run("backup"));
    assert.match(done(await job.run("check", "--lock")).out, /objects are locked until 20/);

    const store = openTestStore(server!, bucket, { prefix: "home" });
    await store.put("a.txt", new TextEncoder().encode("without"), {});
    await store.put(".holdfast/log/other", new Uint8Array(0), {});
    store.close();
    // The job's own version is locked; what lies in its log without a lock is found.
    const checked = done(await job.run("check", "--lock"), 4);
    assert.match(checked.out, /1 object is not locked, of \d+: the next backup/);
    assert.match(checked.err, /\.holdfast\/log\/other: not locked: the store keeps no lock of it/);
    const [plan, cost] = [
      await job.run("backup", "--dry-run"),
      "requests to extend locks in STANDARD",
    ];
    assert.match(done(plan).out, /lock 1 object that has no lock or a short one, of \d+/);
    assert.ok(plan.out.includes(cost), plan.out);
    assert.match(done(await job.run("backup")).out, /extended the locks of 1 object until 20/);
    done(await job.run("check", "--lock"));
  },
);

onServer(
  "prune and status name the day on which locked space can be had back",
  true,
  async ({ job }) => {
    done(await job.init("--lock-for", "30d"));
    await write(job, "first");
    done(await job.run("backup"));
    await write(job, "second!");
    done(await job.run("backup"));
    done(await job.run("forget", "--keep-last", "1", "--yes"));
    const text = /locks keep 1 object or version, 5 B, that nothing needs: reclaimable on 20\d\d-/;
    assert.match(done(await job.run("prune", "--yes")).out, text);
    const status = done(await job.run("status")).out;
    assert.match(status, text);
    assert.match(status, /locked +for 30 days \(governance\)/);
  },
);

onServer(
  "packs are locked with their indexes, and a dead one is left until then",
  true,
  async (p) => {
    const { job, bucket } = p;
    done(await job.init("--lock-for", "30d", "--layout", "pack", "--encryption", "none"));
    await write(job, "first");
    done(await job.run("backup"));
    await write(job, "second!");
    done(await job.run("backup"));
    const store = openTestStore(server!, bucket, { prefix: "home" });
    for (const folder of ["packs/", ".holdfast/index/", ".holdfast/log/"]) {
      for await (const page of store.list(folder)) {
        for (const { key } of page) {
          assert.equal((await store.lockOf!({ key }))?.mode, "governance", key);
        }
      }
    }
    store.close();
    assert.match(done(await job.run("check", "--lock")).out, /objects are locked until 20/);
    done(await job.run("forget", "--keep-last", "1", "--yes"));
    const { out } = done(await job.run("prune", "--yes"));
    assert.match(
      out,
      /locks keep 1 object or version, .* that nothing needs: reclaimable on 20\d\d-/,
    );
    assert.match(out, /left: packs\/.*: its lock ends on 20\d\d-.*: reclaimable then/);
    assert.match(done(await job.run("status")).out, /held by locks +locks keep 1 object/);
  },
);

onServer("a bucket without Object Lock makes no repository that locks", false, async ({ job }) => {
  const { err } = done(await job.init("--lock-for", "30d"), 1);
  assert.match(err, /`lock` is set, and the store locks no object/);
  assert.match(err, /no repository was made/);
  // The same job goes on without one.
  assert.ok(!done(await job.init()).err.includes("lock"));
});

onServer("compliance mode is agreed to by a word that is typed, once", true, async ({ job }) => {
  const args = ["--lock-for", "1d", "--lock-mode", "compliance"];
  assert.match(done(await job.init(...args, "--yes"), 4).err, /there is no terminal to ask at/);
  assert.match(done(await job.initTyping(["yes"], ...args), 4).err, /nobody has agreed/);
  const { err } = done(await job.initTyping(["compliance"], ...args));
  assert.match(err, /nobody can delete it sooner/);
  await write(job, "first");
  done(await job.run("backup"));
  done(await job.run("check", "--lock"));
  const config = Deno.readTextFileSync(job.config);
  Deno.writeTextFileSync(job.config, config.replace('"1d"', '"2d"'));
  assert.match(done(await job.run("backup"), 4).err, /no terminal/);
  assert.match(done(await job.run("check"), 4).err, /run `holdfast backup` at a terminal/);
  done(await job.runTyping(["compliance"], "backup"));
  done(await job.run("backup"));
});
