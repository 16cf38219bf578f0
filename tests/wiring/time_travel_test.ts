import assert from "node:assert/strict";
import { RECORD_FIELDS } from "../../scripts/record_fields.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import { encodeRepository } from "../../src/core/repository_file.ts";
import { libc } from "../../src/libc/libc.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { openFolderStore } from "../../src/stores/folder/folder_store.ts";
import { systemEnvironment } from "../../src/wiring/environment.ts";
import {
  entry,
  object,
  observed,
  removed,
  snapshot,
  started,
  twoBackups,
} from "../app/look_fixture.ts";
import { fourBackups, type Lives, moved, run } from "../app/moved_fixture.ts";
import { type Place, withJob } from "./look_program.ts";

// Opened once for the process, as the program does: no test's own leak.
libc();

function withLives(use: (place: Place, lives: Lives) => Promise<void>): () => Promise<void> {
  return () => {
    let lives: Lives | undefined;
    const write = (log: JobLog) => {
      lives = fourBackups(log);
    };
    return withJob(write, (place) => use(place, lives!));
  };
}

/** What `init` leaves in the store. */
async function makeStore({ log, stateFile }: Place): Promise<void> {
  const { clock, random, hostname, pid } = systemEnvironment();
  const folder = stateFile.replace(/home\.db$/, "store");
  const store = openFolderStore(folder, { clock, random, hostname, pid, create: true });
  const { repository, log: id, job, key } = log.genesis;
  const file = {
    ...{ format: 1, repository, layout: "mirror", created: "2026-01-01T00:00:00.000Z" } as const,
    ...{ jobs: {}, logs: [{ log: id, job, key, host: "host" }] },
  };
  await store.put(REPOSITORY_KEY, encodeRepository(file), { metadata: {} });
  store.close();
}

/** Lines without position and time; a run's line is left out. */
function told(out: string): string[] {
  return out.trimEnd().split("\n").filter((line) => line.startsWith(" "))
    .map((line) => line.replace(/^ +\d+ {2}\S+ \S+ {2}/, ""));
}

const SEEN = "file, 6 B, mode 0644, owner 0:0, modified 2023-11-14T22:13:20.123456789Z";

Deno.test(
  "history goes on across renames of the file and of the folder above it",
  withLives(async ({ look }) => {
    const { code, out } = await look("history papers/a.txt");
    assert.equal(code, 0);
    assert.match(
      out,
      /^backup by me on host, run 0{8}\n +3 {2}2023-11-14 \S+ {2}first seen as docs/,
    );
    assert.deepEqual(told(out), [
      `first seen as docs/b.txt: ${SEEN}`,
      `content stored at docs/b.txt, STANDARD, 5 B, SHA-256 ${"ab".repeat(32)}`,
      "renamed from docs/b.txt to docs/a.txt (known by its file id, size and time)",
      "moved with its folder docs to papers: it is papers/a.txt",
    ]);
    const folder = await look("history papers/under");
    assert.deepEqual(told(folder.out).slice(1), [
      "moved with its folder docs to papers: it is papers/sub",
      "renamed from papers/sub to papers/under",
    ]);
  }),
);

Deno.test(
  "a former path finds the entry that has another one now",
  withLives(async ({ look }, { third }) => {
    for (const path of ["docs/new.txt", "papers/new.txt"]) {
      const { out, err } = await look(`history ${path}`);
      assert.equal(err.includes("is papers/new.txt now"), path !== "papers/new.txt");
      assert.deepEqual(told(out).slice(2), [
        "renamed from old.txt to docs/new.txt (known by its file id, size and time)",
        "its content stays at old.txt (alias): the class is archived",
        "moved with its folder docs to papers: it is papers/new.txt",
        "changed: size 9 -> 10, mode 0644 -> 0600",
      ]);
    }
    const before = await look(`history old.txt --at ${third}`);
    assert.match(before.err, /note: old\.txt is papers\/new\.txt now/);
    assert.equal(told(before.out).length, 5);
  }),
);

Deno.test(
  "a name that was given away and taken again tells of both files",
  withLives(async ({ look }) => {
    const { out } = await look("history old.txt");
    assert.deepEqual(told(out).slice(2), [
      "renamed to docs/new.txt: what follows is another file of this name",
      "seen again as old.txt: file, 5 B, mode 0644, owner 0:0, " +
      "modified 2023-11-14T22:13:20.123456789Z",
    ]);
  }),
);

Deno.test("history tells of copies, deletions, checks, damage and failed restores", () =>
  withJob((log) => {
    twoBackups(log);
    const append = (...events: AnyNewEvent[]) => log.append(run(9), events);
    append(started("backup"));
    const content = { stored: 4, key: "docs/a.txt" };
    const at = append(observed("", {
      "": [moved("a2.txt", "docs/a.txt", content, { evidence: "content", size: "7" })],
      docs: [removed("a.txt", 4)],
    }));
    const key = { source: "", path: "docs/a.txt", key: "docs/a.txt", stored: 4 };
    append(
      {
        type: "ObjectCopied",
        data: {
          ...{ source: "", class: "STANDARD" },
          folders: [{ path: "", objects: [{ ...object("a2.txt", at), from: "docs/a.txt" }] }],
        },
      },
      { type: "ObjectDeleted", data: { why: "renamed", objects: [key] } },
      { type: "RenameSettled", data: { source: "", paths: [{ path: "a2.txt" }], obsolete: [] } },
      {
        type: "ObjectVerified",
        data: { source: "", read: true, folders: [{ path: "", names: ["a2.txt", "b.txt"] }] },
      },
      {
        type: "ObjectDamaged",
        data: { source: "", path: "a2.txt", key: "a2.txt", reason: "its bytes differ" },
      },
      // Of another object that had the key later: not this entry's.
      { type: "ObjectDeleted", data: { why: "removed", objects: [{ ...key, stored: 99 }] } },
      snapshot(6),
      {
        type: "RestorePlanned",
        data: { to: "/out", position: 5, entries: "6", bytes: "9", overwrite: "never" },
      },
      {
        type: "EntriesRestored",
        data: { entries: "5", bytes: "4", failed: [{ path: "docs/a.txt", reason: "it is gone" }] },
      },
    );
  }, async ({ look }) => {
    const { out } = await look("history docs/a.txt");
    const hash = `SHA-256 ${"ab".repeat(32)}`;
    assert.deepEqual(told(out).slice(2), [
      "renamed from docs/a.txt to a2.txt (known by its content)",
      `content copied within the store from docs/a.txt to a2.txt, STANDARD, 5 B, ${hash}`,
      "object deleted: docs/a.txt, because the entry has another name",
      "the rename is done in the store, too",
      "its object was read and is whole",
      "its object a2.txt is damaged: its bytes differ",
      "could not be restored to /out: it is gone",
    ]);
    const records = (await look("history a2.txt --json")).out.trim().split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(records.map(({ what }) => what).slice(2, 4), ["renamed", "copied"]);
    assert.deepEqual(
      Object.keys(records[0]).sort(),
      ["record", ...Object.keys(RECORD_FIELDS.history.fields)].sort(),
    );
    assert.deepEqual(records[4].details, { key: "docs/a.txt", version: null, why: "renamed" });
  }));

Deno.test("a rename that undo took back is told from both sides, and is no difference", () =>
  withJob((log) => {
    twoBackups(log);
    const content = { stored: 4, key: "docs/a.txt" };
    const there = log.append(run(9), [
      started("backup"),
      observed("", {
        "": [moved("a2.txt", "docs/a.txt", content, { size: "7" })],
        docs: [removed("a.txt", 4)],
      }),
    ]);
    const back = entry("a.txt", { change: "reverted", from: "a2.txt", content, size: "7" });
    log.append(run(10), [
      started("undo"),
      observed("", { docs: [{ ...back, prev: there }], "": [removed("a2.txt", there)] }),
    ]);
  }, async ({ look }) => {
    for (const path of ["docs/a.txt", "a2.txt"]) {
      const { out, err } = await look(`history ${path}`);
      assert.equal(err.includes("a2.txt is docs/a.txt now"), path === "a2.txt");
      assert.deepEqual(told(out).slice(2), [
        "renamed from docs/a.txt to a2.txt (known by its file id, size and time)",
        "put back as it was by undo, from a2.txt",
      ]);
    }
    const { out } = await look("diff 11 head");
    assert.deepEqual(out.split("\n").slice(2), ["no differences", ""]);
    assert.match((await look("diff 13 head")).out, /\nR {2}a2\.txt -> docs\/a\.txt\n/);
  }));

Deno.test("a path that never was is no history", () =>
  withJob(twoBackups, async ({ look }) => {
    const { code, err } = await look("history dosc/a.txt");
    assert.deepEqual([code, /hint: did you mean docs\/a\.txt\?/.test(err)], [2, true]);
    assert.equal((await look("history /")).code, 2);
    const gone = await look("history docs/z.txt");
    assert.equal(told(gone.out).at(-1), "removed: it was not there any more");
  }));

Deno.test(
  "diff marks what differs, and a moved folder is one line",
  withLives(async ({ look }, { first, second, third }) => {
    const lines = async (line: string) => (await look(line)).out.trimEnd().split("\n").slice(2);
    assert.deepEqual(await lines(`diff ${first} ${second}`), [
      "M  docs/a.txt",
      "M  docs/b.txt",
      "R  old.txt -> docs/new.txt",
      "0 entries added, 0 B; 0 removed, 0 B; 1 renamed; 2 with another content; " +
      "0 with other metadata",
    ]);
    assert.deepEqual((await lines(`diff ${first} ${third}`)).slice(0, 4), [
      "R  docs/ -> papers/",
      "M  papers/a.txt",
      "M  papers/b.txt",
      "R  old.txt -> papers/new.txt",
    ]);
    assert.deepEqual((await lines(`diff ${third} latest`)).slice(0, 3), [
      "+  old.txt",
      "M  papers/new.txt",
      "R  papers/sub/ -> papers/under/",
    ]);
    assert.deepEqual((await lines(`diff head ${first}`)).slice(0, 3), [
      "R  papers/ -> docs/",
      "M  docs/a.txt",
      "M  docs/b.txt",
    ]);
    assert.deepEqual(await lines(`diff ${first} ${first}`), ["no differences"]);
    const [, record] = (await look(`diff ${third} head --json`)).out.split("\n");
    assert.deepEqual(
      Object.keys(JSON.parse(record)).sort(),
      ["record", ...Object.keys(RECORD_FIELDS.difference.fields)].sort(),
    );
  }),
);

Deno.test("diff says which metadata differ, and what was renamed and changed", () =>
  withJob((log) => {
    twoBackups(log);
    log.append(run(3), [
      started("backup"),
      observed("", {
        "": [
          entry("b.txt", { change: "changed", mode: 0o600, uid: 5, prev: 4 }),
          entry("link", { change: "changed", type: "symlink", target: "x", prev: 3 }),
          moved("a2.txt", "docs/a.txt", { stored: 4, key: "docs/a.txt" }, {
            mode: 0o600,
            size: "7",
          }),
        ],
        docs: [removed("a.txt", 4), entry("new.txt", { change: "changed", type: "fifo", prev: 9 })],
      }),
    ]);
  }, async ({ look }) => {
    const { out } = await look("diff 11 head");
    assert.deepEqual(out.split("\n").slice(2, -2), [
      "RU docs/a.txt -> a2.txt",
      "U  b.txt  (mode, owner)",
      "M  docs/new.txt",
      "M  link",
    ]);
    assert.equal((await look("diff 5 2000")).code, 2);
    assert.equal((await look("diff yesterday head")).code, 2);
  }));

Deno.test(
  "find looks at names, paths, types, sizes and times, in any state",
  withLives(async ({ look }, { third }) => {
    const found = async (line: string) => (await look(`find ${line}`)).out.trimEnd().split("\n");
    const texts = ["papers/a.txt", "papers/b.txt", "papers/new.txt", "papers/under/c.txt"];
    assert.deepEqual(await found("*.TXT -i"), ["old.txt", ...texts]);
    assert.deepEqual(await found("papers/*.txt under"), [...texts.slice(0, 3), "papers/under/"]);
    assert.deepEqual(await found("** --type folder"), ["papers/", "papers/under/"]);
    assert.deepEqual(await found("* --larger 5 --smaller 10"), ["papers/a.txt"]);
    assert.deepEqual(await found(`sub --at ${third}`), ["papers/sub/"]);
    assert.deepEqual(await found("* --older 2023-11-14"), [""]);
    assert.equal((await found("* --newer 2023-11-14")).length, 7);
    assert.match((await found("c.txt --long"))[0], /^-rw-r--r-- .* papers\/under\/c\.txt$/);
    const [record] = await found("c.txt --json --snapshot latest");
    assert.equal(JSON.parse(record).path, "papers/under/c.txt");
    assert.match((await look("find c.txt")).err, /note: looking in the newest snapshot, \d+ of/);
    for (const line of ["find *", "find * --at 3"].map((text) => `${text} --all --long`)) {
      assert.equal((await look(line)).code, 2);
    }
  }),
);

Deno.test(
  "find --all tells when each path was there",
  withLives(async ({ look }, { first, second, third, fourth }) => {
    const { out } = await look("find old.txt c.txt papers --all");
    assert.deepEqual(out.trimEnd().split("\n"), [
      `old.txt  from 3 until 9, in snapshot ${first}; from 20 until now, in snapshot ${fourth}`,
      `docs/sub/c.txt  from 3 until 15, in snapshots ${first} to ${second}`,
      `papers/  from 15 until now, in snapshots ${third} to ${fourth}`,
      `papers/sub/c.txt  from 15 until 20, in snapshot ${third}`,
      `papers/under/c.txt  from 20 until now, in snapshot ${fourth}`,
    ]);
    const lines = (await look("find old.txt --all --json")).out.trimEnd().split("\n");
    assert.deepEqual(JSON.parse(lines.at(-1)!).ranges, [
      { from: 3, until: 9, snapshots: [first] },
      { from: 20, until: null, snapshots: [fourth] },
    ]);
  }),
);

Deno.test(
  "forget prints each reason, and does it without --dry-run",
  withLives(async (place, { first, second, third, fourth }) => {
    const { look, log } = place;
    await makeStore(place);
    const plan = await look("forget --keep-last 2 --keep-daily 3 --dry-run");
    assert.match(plan.out, /^ +snapshot {2}time +state +reasons\n/);
    assert.match(
      plan.out,
      new RegExp(`\nkeep +${fourth} .*the newest; last, 1 of 2; daily, 1 of 3`),
    );
    assert.match(
      plan.out,
      new RegExp(`\nforget +${first} .*kept by no rule of: last 2, daily 3\n`),
    );
    assert.match(plan.out, /\nplan: forget 2 snapshots, keep 2\n/);
    assert.equal(log.index.snapshots().filter(({ forgotten }) => forgotten > 0).length, 0);

    assert.equal((await look("forget --keep-last 2 --keep-daily 3")).code, 0);
    const events = [...log.events({ type: "SnapshotForgotten" })];
    assert.equal(events.length, 1);
    const reason = "kept by no rule of: last 2, daily 3";
    assert.deepEqual(events[0].data, {
      snapshots: [{ position: second, reason }, { position: first, reason }],
    });
    const [ended] = [...log.events({ type: "RunFinished", run: events[0].run })];
    assert.deepEqual(ended.data, { outcome: 0, totals: { forgotten: "2", kept: "2" } });
    const shown = (await look("snapshots")).out.trimEnd().split("\n").slice(1);
    assert.deepEqual(shown.map((line) => parseInt(line)), [third, fourth]);
    const all = (await look("snapshots --all")).out.trimEnd().split("\n").slice(1);
    assert.match(all[0], /complete, forgotten$/);

    const again = await look("forget --keep-last 2 --json");
    assert.deepEqual(JSON.parse(again.out.split("\n").at(-2)!).totals, {
      ...{ forgotten: 0, kept: 2, dry_run: false },
    });
    assert.equal([...log.events({ type: "SnapshotForgotten" })].length, 1);
  }),
);

Deno.test(
  "the newest snapshot is forgotten only by name, and then it is not looked at",
  withLives(async (place, { third, fourth }) => {
    const { look } = place;
    await makeStore(place);
    assert.equal((await look("forget --keep-within 1s -n")).code, 0);
    assert.equal((await look(`forget ${fourth} latest`)).code, 0);
    const gone = await look(`ls --snapshot ${fourth}`);
    assert.deepEqual([gone.code, /was forgotten\nhint: --at/.test(gone.err)], [2, true]);
    assert.equal((await look(`ls --at ${fourth}`)).code, 0);
    assert.match(
      (await look("ls")).err,
      new RegExp(`note: listing the newest snapshot, ${third} `),
    );
    assert.match((await look(`forget ${fourth}`)).err, /error: there is no snapshot/);
  }),
);

Deno.test("forget without names and rules, or with both, is no use of it", () =>
  withJob(twoBackups, async ({ look }) => {
    const none = await look("forget");
    assert.deepEqual([none.code, /nothing says which snapshots/.test(none.err)], [2, true]);
    assert.equal((await look("forget 5 --keep-last 1")).code, 2);
    assert.equal((await look("forget --keep-daily 0")).code, 2);
    assert.equal((await look("forget 4")).code, 2);
  }));
