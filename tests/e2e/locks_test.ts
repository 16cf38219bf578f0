/** Object Lock, on the executable: what is stored is locked, stays locked, and is told. */
import assert from "node:assert/strict";
import { freshBucketName, type S3Server } from "../servers/s3_server.ts";
import { hasCommand, shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { type Gateway, withGateway, withMoto } from "./each_store.ts";
import { fillAs, TOOLS } from "./foreign_prefix.ts";
import { holdfast, holdfastJson, mustEnd, type Place, recordsOf, totalsOf } from "./holdfast.ts";
import { deleteVersion, listLocks, type LockedVersion } from "./lock_look.ts";
import { keyedPlace } from "./pack_job.ts";
import { editConfig, type JobOptions, s3Job, settle, withPlace } from "./place.ts";
import { putText } from "./store_look.ts";

const DAY = 86_400_000;
const LOCK = ["--lock-for", "30d"];

interface LockedJob<Server extends S3Server = Gateway> {
  readonly server: Server;
  readonly place: Place;
  readonly bucket: string;
}

/** A job in a bucket of versitygw that has Object Lock. */
function onGateway(
  name: string,
  use: (job: LockedJob) => Promise<void>,
  options: JobOptions = { init: LOCK },
): void {
  Deno.test(name, () =>
    withGateway((server) =>
      withPlace(async (empty) => {
        const bucket = await lockBucket(server);
        await use({ server, bucket, place: await s3Job(empty, server, bucket, options) });
      })
    ));
}

async function lockBucket(server: S3Server): Promise<string> {
  const bucket = freshBucketName();
  await server.createBucket(bucket, { lock: true });
  return bucket;
}

/** Of what versitygw keeps a lock of: it stores folder markers without a version, and without one. */
async function locksOf({ server, bucket }: LockedJob): Promise<LockedVersion[]> {
  return (await listLocks(server, bucket)).filter(({ key }) => !key.endsWith("/"));
}

function assertLocked(versions: readonly LockedVersion[], days = 30, mode = "GOVERNANCE"): void {
  assert.ok(versions.length > 0);
  for (const { key, mode: found, until } of versions) {
    const left = (until - Date.now()) / DAY;
    assert.equal(found, mode, key);
    assert.ok(left > days - 0.1 && left < days + 0.1, `${key}: ${left} days`);
  }
}

/** What there is of each kind under `.holdfast/`: "log", "renames" … */
function kinds(versions: readonly LockedVersion[]): string[] {
  const names = versions.flatMap(({ key }) => /^\.holdfast\/([a-z]+)[/.]/.exec(key)?.[1] ?? []);
  return [...new Set(names)].sort();
}

onGateway(
  "each version of each kind is locked: files, copies, uploads in parts, and all of .holdfast",
  async (job) => {
    const { place, server, bucket } = job;
    const { folder } = place;
    shell(
      folder,
      `head -c 20000000 /dev/urandom > src/large.bin; echo one > src/one.txt; ln -s one.txt src/link
       setfattr -n user.big -v "$(printf %03000d 0)" src/one.txt`,
    );
    await settle();
    await mustEnd(0, place, ["backup"]);
    shell(folder, "mv src/large.bin src/moved.bin; echo two > src/one.txt; chmod 600 src/one.txt");
    await settle();
    const { stdout } = await mustEnd(0, place, ["backup"]);
    assert.match(stdout, /copied 1 object in the store, deleted 1 object/);
    await mustEnd(0, place, ["log", "checkpoint"]);

    const versions = await locksOf(job);
    assertLocked(versions);
    assert.deepEqual(kinds(versions), ["checkpoints", "log", "renames", "repository", "sidecars"]);
    const files = versions.map(({ key }) => key).filter((key) => !key.startsWith("."));
    assert.deepEqual(files.sort(), ["large.bin", "link", "moved.bin", "one.txt", "one.txt"]);
    assert.match(
      (await mustEnd(0, place, ["check", "--lock"])).stdout,
      /objects are locked until 2/,
    );
    for (const version of versions) {
      assert.equal(await deleteVersion(server, bucket, version), "AccessDenied", version.key);
    }
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    assertSameTree(`${folder}/src`, `${folder}/out`);
  },
  { init: LOCK, config: ['renames = "copy"'] },
);

onGateway(
  "in a locked bucket a renamed file is an alias, and deletions leave versions",
  async (job) => {
    const { place } = job;
    const source = `${place.folder}/src`;
    shell(source, "echo one > one.txt; echo gone > gone.txt");
    await settle();
    await mustEnd(0, place, ["backup"]);
    shell(source, "mv one.txt two.txt; rm gone.txt");
    await settle();
    const { stdout } = await mustEnd(0, place, ["backup"]);
    assert.match(stdout, /left 1 moved entry as an alias, deleted 1 object/);
    assertLocked(await locksOf(job));
    await mustEnd(0, place, ["check", "--lock"]);
    await mustEnd(0, place, ["forget", "--keep-last", "1", "--yes"]);
    const held = /locks keep 1 object or version, 5 B, that nothing needs: reclaimable on 20\d\d-/;
    assert.match((await mustEnd(0, place, ["prune", "--dry-run"])).stdout, held);
    assert.match((await mustEnd(0, place, ["prune", "--yes"])).stdout, held);
    assert.match((await mustEnd(0, place, ["status"])).stdout, held);
    const { records } = await holdfastJson(place, ["prune", "--yes"]);
    const { held: objects, held_bytes: bytes, held_until: until, deleted } = totalsOf(records);
    assert.deepEqual([objects, bytes, deleted], [1, 5, 0]);
    assert.equal(Math.round((Date.parse(until) - Date.now()) / DAY), 30);
    assert.equal((await locksOf(job)).filter(({ key }) => key === "gone.txt").length, 1);
  },
  { init: LOCK, config: ["delete = true"] },
);

Deno.test("packs and their indexes are locked, and what delete gives up is held and told", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      const bucket = await lockBucket(server);
      const { place: keyed, init } = await keyedPlace(empty);
      const place = await s3Job(keyed, server, bucket, { init: [...init, ...LOCK] });
      const job = { server, place, bucket };
      const source = `${place.folder}/src`;
      shell(
        source,
        "echo one > one.txt; echo two > two.txt; head -c 20000000 /dev/urandom > large",
      );
      await settle();
      await mustEnd(0, place, ["backup"]);
      const packs = async () => (await locksOf(job)).filter(({ key }) => key.startsWith("packs/"));
      assertLocked(await locksOf(job));
      assert.deepEqual(kinds(await locksOf(job)), ["index", "log", "renames", "repository"]);
      await mustEnd(0, place, ["check", "--lock"]);
      const before = await packs();

      const plan = await mustEnd(4, place, ["delete", "two.txt", "--yes"]);
      assert.match(plan.stdout, /locks keep 1 pack of it, .*, which can be read until 20/);
      assert.match(plan.stderr, /a lock keeps what is to go until 20.*\n.*nothing was changed/);
      assert.deepEqual(await packs(), before);
      const forced = await mustEnd(3, place, ["delete", "two.txt", "--force", "--yes"]);
      const why = /could not delete \S+ and 1 more: its lock \(S3 Object Lock\) has not ended/;
      assert.match(forced.said, why);
      for (const { key } of before) assert.ok((await packs()).some((pack) => pack.key === key));
      await mustEnd(0, place, ["log", "verify"]);

      // What waits for its lock to end is not locked for longer.
      editConfig(place, '"30d"', '"60d"');
      await mustEnd(0, place, ["backup"]);
      const [dead, live] = [before.map(({ key }) => key), await locksOf(job)];
      const isDead = ({ key }: LockedVersion) => dead.includes(key) || isIndexOf(dead, key);
      assertLocked(live.filter(isDead));
      assertLocked(live.filter((version) => !isDead(version)), 60);
      await mustEnd(0, place, ["check", "--lock"]);
    })
  ));

/** Whether this is the index of one of the packs. */
function isIndexOf(packs: readonly string[], key: string): boolean {
  const name = /^\.holdfast\/index\/(.*)\.idx\./.exec(key)?.[1];
  return name !== undefined && packs.some((pack) => pack.startsWith(`packs/${name}.`));
}

Deno.test("what nothing needs is not locked for longer: packs, versions and sidecars", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      for (const layout of ["mirror", "pack"]) {
        const bucket = await lockBucket(server);
        const none = layout === "pack" ? ["--encryption", "none"] : [];
        const init = ["--layout", layout, ...none, ...LOCK];
        const place = await s3Job(empty, server, bucket, { init });
        const source = `${place.folder}/src`;
        for (const text of ["first", "second!"]) {
          shell(
            source,
            `echo ${text} > one.txt; setfattr -n user.a -v "$(printf %03000d 0)" one.txt`,
          );
          await settle();
          await mustEnd(0, place, ["backup"]);
        }
        await mustEnd(0, place, ["forget", "--keep-last", "1", "--yes"]);
        const dry = await mustEnd(0, place, ["prune", "--yes"]);
        const reclaimable = /locks keep [12] objects? or versions?.*reclaimable on (20[-\d]+)/;
        const [, day] = reclaimable.exec(dry.stdout)!;
        editConfig(place, '"30d"', '"60d"');
        await mustEnd(0, place, ["backup"]);
        const later = await mustEnd(0, place, ["prune", "--yes"]);
        assert.equal(reclaimable.exec(later.stdout)![1], day);
        const locks = await locksOf({ server, place, bucket });
        const short = locks.filter(({ until }) => until - Date.now() < 40 * DAY);
        assert.equal(short.length, 2, JSON.stringify(short));
        assertLocked(short);
        assertLocked(locks.filter((version) => !short.includes(version)), 60);
        await mustEnd(0, place, ["check", "--lock"]);
        shell(empty.folder, "rm -rf holdfast.toml state src/*");
      }
    })
  ));

/** What another tool has put into the bucket has no lock. */
onGateway("what adopt took over is named by check, and locked by the next backup", async (job) => {
  const { place, server, bucket } = job;
  const source = `${place.folder}/src`;
  shell(source, "echo one > one.txt; touch -d '2020-01-02 03:04:05' one.txt");
  await fillAs(TOOLS.s3cmd, { server, bucket, prefix: "" }, source, ["one.txt"]);
  await mustEnd(0, place, ["adopt"]);
  const found = await mustEnd(4, place, ["check", "--lock"]);
  assert.match(found.said, /one\.txt: not locked: the store keeps no lock of it/);
  assert.match(found.stdout, /1 object is not locked, of \d+: the next backup locks/);
  const plan = await mustEnd(0, place, ["backup", "--dry-run"]);
  assert.match(plan.stdout, /lock 1 object that has no lock or a short one, of \d+/);
  assert.match(plan.stdout, /requests to extend locks in STANDARD: 1,/);
  const { stdout } = await mustEnd(0, place, ["backup"]);
  assert.match(stdout, /extended the locks of 1 object until 20/);
  assertLocked(await locksOf(job));
  await mustEnd(0, place, ["check", "--lock"]);
  assert.doesNotMatch((await mustEnd(0, place, ["backup"])).stdout, /extended/);
});

onGateway("what adopt took over is locked also where nobody has checked", async (job) => {
  const { place, server, bucket } = job;
  const source = `${place.folder}/src`;
  shell(source, "echo one > one.txt; touch -d '2020-01-02 03:04:05' one.txt");
  await fillAs(TOOLS.s3cmd, { server, bucket, prefix: "" }, source, ["one.txt"]);
  await mustEnd(0, place, ["adopt"]);
  await mustEnd(0, place, ["backup"]);
  assertLocked(await locksOf(job));
});

onGateway("what a rebuild found without the log is locked again", async (job) => {
  const { place, server, bucket } = job;
  const { folder } = place;
  shell(folder, "echo one > src/one.txt");
  await settle();
  await mustEnd(0, place, ["backup"]);
  // Without segments the rebuild goes by what the objects say, and knows of no lock.
  shell(folder, "rm -r state");
  shell(`${server.folder}/data/${bucket}`, "rm -r .holdfast/log");
  const rebuilt = await holdfast(place, ["rebuild"]);
  assert.match(rebuilt.said, /object/, rebuilt.said);
  await mustEnd(0, place, ["takeover", "--yes"]);
  const { stdout } = await mustEnd(0, place, ["backup"]);
  assert.match(stdout, /extended the locks of \d+ objects until 20/);
  await mustEnd(0, place, ["check", "--lock"]);
});

onGateway(
  "a job that gets a lock later has all of it locked, also what only snapshots need",
  async (job) => {
    const { place } = job;
    const source = `${place.folder}/src`;
    for (const text of ["first", "second!"]) {
      shell(source, `echo ${text} > one.txt`);
      await settle();
      await mustEnd(0, place, ["backup"]);
    }
    assert.ok((await locksOf(job)).every(({ mode }) => mode === undefined));
    editConfig(place, /$/, 'lock = "30d"\n');
    const { stdout } = await mustEnd(0, place, ["backup"]);
    assert.match(stdout, /extended the locks of \d+ objects until 20/);
    assertLocked(await locksOf(job));
    await mustEnd(0, place, ["check", "--lock"]);

    // A shorter lock leaves the longer ones, and is that of what is stored from then on.
    editConfig(place, '"30d"', '"10d"');
    shell(source, "echo third > three.txt");
    await settle();
    await mustEnd(0, place, ["backup"]);
    const locks = await locksOf(job);
    assertLocked(locks.filter(({ key }) => key === "one.txt"));
    assertLocked(locks.filter(({ key }) => key === "three.txt"), 10);
    assert.match((await mustEnd(0, place, ["check", "--lock"])).stdout, /locked until 20/);

    // A longer one is put on all.
    editConfig(place, '"10d"', '"60d"');
    await mustEnd(0, place, ["backup"]);
    assertLocked(await locksOf(job), 60);

    // Without one nothing new is locked.
    editConfig(place, 'lock = "60d"\n', "");
    shell(source, "echo fourth > four.txt");
    await settle();
    await mustEnd(0, place, ["backup"]);
    const [four] = (await locksOf(job)).filter(({ key }) => key === "four.txt");
    assert.equal(four.mode, undefined);
  },
  {},
);

const AT_TERMINAL = ["sh", "-c", 'exec script -qec "$*" /dev/null', "sh"];
const compliance =
  "compliance mode is typed at a terminal, and what was locked before is raised to it";
if (hasCommand(compliance, "script")) {
  onGateway(compliance, async (job) => {
    const { place } = job;
    shell(`${place.folder}/src`, "echo one > one.txt");
    await settle();
    await mustEnd(0, place, ["backup"]);
    editConfig(place, /$/, 'lock_mode = "compliance"\n');
    const unasked = await mustEnd(4, place, ["backup", "--yes"]);
    assert.match(unasked.stderr, /there is no terminal to ask at|nobody has agreed/);
    assertLocked(await locksOf(job));
    const other = await mustEnd(4, place, ["prune", "--yes"]);
    assert.match(other.stderr, /run `holdfast backup` at a terminal/);
    const at = { before: AT_TERMINAL };
    await mustEnd(4, place, ["backup"], { ...at, stdin: "yes\n" });
    assertLocked(await locksOf(job));
    await mustEnd(0, place, ["backup"], { ...at, stdin: "compliance\n" });
    assertLocked(await locksOf(job), 30, "COMPLIANCE");
    await mustEnd(0, place, ["check", "--lock"]);
    await mustEnd(0, place, ["backup"]);
    const status = await mustEnd(0, place, ["status"]);
    assert.match(status.stdout, /locked +for 30 days \(compliance\)/);

    // Nobody makes governance mode of it: that is no failure while it holds long enough.
    editConfig(place, 'lock_mode = "compliance"\n', "");
    await mustEnd(0, place, ["backup"]);
    const [file] = (await locksOf(job)).filter(({ key }) => key === "one.txt");
    assert.equal(file.mode, "COMPLIANCE");
    await mustEnd(0, place, ["check", "--lock"]);
  });
}

Deno.test("a bucket without Object Lock, with versions or not, is refused before anything is made", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      for (const versioning of [true, false]) {
        const bucket = freshBucketName();
        await server.createBucket(bucket, { versioning });
        await assert.rejects(s3Job(empty, server, bucket, { init: LOCK }), (error: Error) => {
          assert.match(error.message, /ended with 1 /);
          assert.match(error.message, /`lock` is set, and the store locks no object/);
          assert.match(error.message, /turn versioning and Object Lock on for the bucket/);
          assert.match(error.message, /no repository was made/);
          return true;
        });
        assert.deepEqual(await listLocks(server, bucket), []);
        shell(empty.folder, "rm -rf holdfast.toml state");
      }
    })
  ));

Deno.test("a lock that is written into the config of such a bucket stores nothing, and says why", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      const bucket = freshBucketName();
      await server.createBucket(bucket, { versioning: true });
      const place = await s3Job(empty, server, bucket);
      shell(`${place.folder}/src`, "echo one > one.txt");
      editConfig(place, /$/, 'lock = "30d"\n');
      const before = await listLocks(server, bucket);
      const { stderr } = await mustEnd(1, place, ["backup"]);
      assert.match(stderr, /`lock` is set, and the store locks no object .*nothing was stored/s);
      assert.deepEqual(await listLocks(server, bucket), before);
      editConfig(place, 'lock = "30d"\n', "");
      await mustEnd(0, place, ["backup"]);
    })
  ));

Deno.test("a folder cannot lock, which init and the config say, and policies are for buckets", () =>
  withPlace(async (place) => {
    const init = ["--job", "e2e", "init", "--source", `${place.folder}/src`];
    const to = ["--repository", `file://${place.folder}/store`];
    const locked = await mustEnd(2, place, [...init, ...to, ...LOCK]);
    assert.match(locked.stderr, /a folder cannot lock what is in it/);
    const policy = await mustEnd(2, place, [...init, ...to, "--print-policy"]);
    assert.match(policy.stderr, /is a folder, and has no IAM policies/);
    await mustEnd(0, place, [...init, ...to]);
    const checked = await mustEnd(2, place, ["check", "--lock"]);
    assert.match(checked.stderr, /`lock`|no Object Lock/);
  }));

Deno.test("on moto, which forgets the locks of uploads in parts, check finds them and backup adds them", () =>
  withMoto((server) =>
    withPlace(async (empty) => {
      const bucket = await lockBucket(server);
      const place = await s3Job(empty, server, bucket, { init: LOCK });
      shell(`${place.folder}/src`, "head -c 20000000 /dev/urandom > large; echo one > one.txt");
      await settle();
      await mustEnd(0, place, ["backup"]);
      const found = await mustEnd(4, place, ["check", "--lock"]);
      assert.match(found.said, /large: not locked/);
      assert.match((await mustEnd(0, place, ["backup"])).stdout, /extended the locks of 1 object/);
      await mustEnd(0, place, ["check", "--lock"]);
      await putText(server, bucket, "one.txt", "of another");
      await mustEnd(0, place, ["check", "--lock"]);
    })
  ));

Deno.test("init --print-policy is one JSON document, asks nothing, and writes nothing", () =>
  withPlace(async (place) => {
    const init = ["--job", "e2e", "init", "--source", `${place.folder}/src`, ...LOCK];
    const args = [...init, "--repository", "s3://my-bucket/photos", "--print-policy"];
    const ended = await mustEnd(0, place, args);
    const document = JSON.parse(ended.stdout);
    assert.deepEqual(Object.keys(document), ["bucket", "roles"]);
    assert.deepEqual(Object.keys(document.roles), ["backup_only", "restore", "prune"]);
    const [line] = recordsOf(await mustEnd(0, place, ["--json", ...args]));
    assert.deepEqual(line, document);
    assert.throws(() => Deno.statSync(place.config), Deno.errors.NotFound);
    assert.throws(() => Deno.statSync(place.state), Deno.errors.NotFound);
  }));
