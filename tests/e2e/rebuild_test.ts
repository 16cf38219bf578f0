/** A machine that has lost its database, and one that never had it. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { freshBucket, type InitJob, onEachStore, withGateway } from "./each_store.ts";
import { startHeldServer } from "./held_server.ts";
import {
  endOf,
  eventsOf,
  holdfast,
  holdfastJson,
  mustEnd,
  type Place,
  startHoldfast,
  totalsOf,
} from "./holdfast.ts";
import { folderJob, makeSmallTree, s3Job, settle, withPlace } from "./place.ts";

/** Two backups of a small tree. */
function withBackups(init: InitJob, use: (place: Place) => Promise<void>): Promise<void> {
  return withPlace(async (empty) => {
    const src = `${empty.folder}/src`;
    makeSmallTree(src);
    await settle();
    const place = await init(empty);
    await mustEnd(0, place, ["backup"]);
    shell(src, "echo three > docs/three.txt; rm docs/letters/two.txt");
    await settle();
    await mustEnd(0, place, ["backup", "--accept-deletions"]);
    await use(place);
  });
}

/** The same job on a machine that has the config alone. */
function elsewhere(place: Place): Place {
  return { ...place, state: `${place.folder}/elsewhere/job.db` };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

const digestsOf = async (place: Place) =>
  totalsOf((await holdfastJson(place, ["replay"])).records).digests;

onEachStore(
  (store) => `a lost database is rebuilt from ${store}, and the next backup goes on`,
  (_, init) =>
    withBackups(init, async (place) => {
      const listed = await mustEnd(0, place, ["ls", "-r", "-l"]);
      const snapshots = await mustEnd(0, place, ["snapshots"]);
      const digests = await digestsOf(place);
      shell(place.folder, "rm state/job.db*");
      for (const command of [["backup"], ["replay"], ["log", "ship"]]) {
        const refused = await holdfast(place, command);
        assert.equal(refused.code, 10, refused.said);
        assert.match(refused.said, /holdfast rebuild/);
      }
      assert.ok(!exists(place.state));
      const { records, code, said } = await holdfastJson(place, ["rebuild"]);
      assert.equal(code, 0, said);
      const totals = totalsOf(records);
      assert.deepEqual([totals.writable, totals.way, totals.missing], [true, "segments", []]);
      // What was not shipped of the lost log is the record of its last segment.
      for (const [name, digest] of Object.entries(totals.digests)) {
        if (name !== "segments") assert.equal(digest, digests[name], name);
      }
      assert.equal((await mustEnd(0, place, ["ls", "-r", "-l"])).stdout, listed.stdout);
      assert.equal((await mustEnd(0, place, ["snapshots"])).stdout, snapshots.stdout);
      await mustEnd(0, place, ["log", "verify"]);
      const next = await holdfastJson(place, ["backup"]);
      assert.equal(totalsOf(next.records).objects, 0);
      await mustEnd(0, place, ["log", "verify"]);
    }),
);

onEachStore(
  (store) => `without a database every look works over ${store}, and leaves nothing`,
  (_, init) =>
    withBackups(init, async (place) => {
      const guest = elsewhere(place);
      const looks = [["ls", "-r", "-l"], ["snapshots"], ["find", "three.txt"], ["stats"]];
      for (
        const look of [...looks, ["history", "docs/three.txt"], ["log", "--type", "ScanCompleted"]]
      ) {
        const here = await mustEnd(0, place, look);
        const there = await mustEnd(0, guest, look);
        if (look[0] !== "stats") assert.equal(there.stdout, here.stdout, look.join(" "));
        assert.match(there.stderr, /index is read from the repository/);
      }
      await mustEnd(0, guest, ["status"]);
      const out = `${place.folder}/out`;
      await mustEnd(0, guest, ["restore", "--to", out]);
      assertSameTree(`${place.folder}/src`, out);
      for (const command of [["backup"], ["log", "ship"]]) {
        assert.equal((await holdfast(guest, command)).code, 10);
      }
      assert.ok(!exists(guest.state));
      // The guest's log is its own: the job's goes on untouched.
      await mustEnd(0, place, ["backup"]);
      assert.equal((await eventsOf(place, "RestorePlanned")).length, 0);
    }),
);

onEachStore(
  (store) => `takeover on another machine closes the log on ${store}, and the old machine stops`,
  (_, init) =>
    withBackups(init, async (place) => {
      const other = elsewhere(place);
      await mustEnd(0, other, ["rebuild"]);
      const keyless = await mustEnd(12, other, ["backup"]);
      assert.match(keyless.said, /holdfast takeover/);
      const out = `${place.folder}/out`;
      await mustEnd(0, other, ["restore", "--to", out]);
      assertSameTree(`${place.folder}/src`, out);
      await mustEnd(2, other, ["takeover"]);
      const { records } = await holdfastJson(other, ["--yes", "takeover"]);
      const { log } = totalsOf(records);
      await mustEnd(0, other, ["backup"]);
      await mustEnd(0, other, ["log", "verify"]);
      const stopped = await mustEnd(11, place, ["backup"]);
      assert.match(stopped.said, new RegExp(`taken over by \\S+: its log goes on as ${log}`));
      // A restore goes on: from what the repository holds now.
      const again = `${place.folder}/again`;
      await mustEnd(0, place, ["restore", "--to", again]);
      assertSameTree(`${place.folder}/src`, again);
      await mustEnd(0, place, ["--yes", "takeover"]);
      await mustEnd(0, place, ["backup"]);
      await mustEnd(0, place, ["log", "verify"]);
      await mustEnd(11, other, ["backup"]);
    }),
);

Deno.test("rebuild refuses where a database is, and names replay", () =>
  withBackups(folderJob, async (place) => {
    const refused = await mustEnd(2, place, ["rebuild"]);
    assert.match(refused.said, /holdfast replay/);
  }));

Deno.test("a rebuild that is killed leaves no database, and the next one is whole", () =>
  withGateway(async (server) => {
    const held = startHeldServer(server.endpoint);
    try {
      const bucket = await freshBucket(server);
      const init: InitJob = (place) => s3Job(place, { ...server, endpoint: held.endpoint }, bucket);
      await withBackups(init, async (place) => {
        const other = elsewhere(place);
        const shipped = held.requests.flatMap((line) =>
          /^PUT \S*\/log\/\S*?(\d{16}\.jsonl)/.exec(line)?.[1] ?? []
        );
        assert.ok(shipped.length >= 5);
        for (const request of ["repository.json", ...shipped]) {
          const reached = held.holdAt(new RegExp(`^GET \\S*${request}`));
          const child = await startHoldfast(other, ["rebuild"]);
          await reached;
          child.kill("SIGKILL");
          await endOf(child);
          held.release();
          assert.ok(!exists(other.state), request);
          await mustEnd(10, other, ["backup"]);
        }
        await mustEnd(0, other, ["rebuild"]);
        await mustEnd(0, other, ["log", "verify"]);
        assert.deepEqual(
          [...Deno.readDirSync(`${place.folder}/elsewhere`)].map(({ name }) => name)
            .filter((name) => name.includes(".new")),
          [],
        );
      });
    } finally {
      await held.stop();
    }
  }));

Deno.test("zstd and sha256sum verify the log in the repository, as docs/bucket_format.md says", () =>
  withBackups(folderJob, ({ folder, state }) => {
    const script = `
      set -e
      sum() { sha256sum | cut -c1-64; }
      previous=$(sqlite3 ${state} "SELECT value FROM meta WHERE name = 'genesis'" | tr -d '\\n' | sum)
      position=0
      for segment in ${folder}/store/.holdfast/log/*/*.jsonl.zst; do
        zstd -dcq "$segment" > lines
        while IFS= read -r line; do
          previous=$(printf '%s%s' "$previous" "$line" | sum)
          position=$((position + 1))
        done < lines
      done
      echo "$position $previous"`;
    const [position, hash] = shell(folder, script).trim().split(" ");
    const known = shell(
      folder,
      `sqlite3 ${state} "SELECT lower(hex(hash)) FROM events WHERE position = ${position}"`,
    );
    assert.equal(hash, known.trim());
    return Promise.resolve();
  }));
