import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { RECORD_FIELDS } from "../../scripts/record_fields.ts";
import { textOfBytes } from "../../src/core/path_text.ts";
import { takeWriterLock } from "../../src/sqlite/writer_lock.ts";
import {
  entry,
  finished,
  folder,
  observed,
  RUN,
  scanned,
  snapshot,
  started,
  twoBackups,
} from "../app/look_fixture.ts";
import { withJob } from "./look_program.ts";

Deno.test("ls lists the newest snapshot, and says so beside the answer", () =>
  withJob(twoBackups, async ({ look }) => {
    const { code, out, err } = await look("ls docs");
    assert.deepEqual([code, out], [0, "docs/a.txt\ndocs/z.txt\n"]);
    assert.match(err, /^note: listing the newest snapshot, 5 of \d{4}-/);
    assert.equal((await look("ls")).out, "b.txt\ndocs/\ndocs-2/\nlink\n");
    assert.equal((await look("ls docs/a.txt")).out, "docs/a.txt\n");
  }));

Deno.test("ls lists any position, and a state older than every snapshot", () =>
  withJob(twoBackups, async ({ look }) => {
    const { out, err } = await look("ls --at 10 docs");
    assert.deepEqual([out, err], ["docs/a.txt\ndocs/new.txt\n", ""]);
    assert.equal((await look("ls --snapshot 5 docs")).out, "docs/a.txt\ndocs/z.txt\n");
    assert.equal((await look("ls --at 2")).out, "");
    const time = "2023-11-14T22:13:21Z";
    assert.match((await look(`ls --at ${time} docs-2`)).err, /^note: listing position 10, at /);
  }));

Deno.test("ls --recursive --long shows each entry as ls(1) does", () =>
  withJob(twoBackups, async ({ look }) => {
    const lines = (await look("ls -rl")).out.split("\n");
    assert.equal(lines.length, 7);
    assert.match(lines[1], /^drwxr-xr-x {2}0:0 +- {2}2023-11-1\d \d\d:\d\d:\d\d {2}docs\/$/);
    assert.match(lines[2], /^-rw-r--r-- {2}0:0 +7 {2}2023-\S+ \S+ {2}docs\/a\.txt$/);
    assert.match(lines[5], /^lrw.* link -> b\.txt$/);
  }));

Deno.test("ls --json has a record for each entry, nothing lost", () =>
  withJob(twoBackups, async ({ look }) => {
    const { out } = await look("ls --json docs/a.txt");
    const record = JSON.parse(out.trim().split("\n").at(-1)!);
    assert.deepEqual(record, {
      ...{ record: "entry", path: "docs/a.txt", type: "file", mode: "0644", uid: 0, gid: 0 },
      ...{ size: 7, mtime: "2023-11-14T22:13:20.123456789Z", target: null },
      sha256: "ab".repeat(32),
    });
    const head = (await look("ls --json --at 10 docs/new.txt")).out;
    assert.equal(JSON.parse(head.trim().split("\n").at(-1)!).sha256, null);
  }));

Deno.test("ls --collate counts by folder, at any state, and so does the older tool's show", () =>
  withJob(twoBackups, async ({ look }) => {
    const head = "    entries        files       size     stored  folder\n";
    assert.deepEqual(
      (await look("ls --collate 1 --at 10")).out,
      [
        head,
        "          3            2   0.98 KiB        7 B  docs/\n",
        "          1            0        0 B        0 B  docs-2/\n",
        "          2            1        5 B        5 B  ./\n",
        "          6            3   0.99 KiB       12 B  total\n",
      ].join("").replaceAll("1007 B", " 1012 B"),
    );
    const former = (await look("show --collate 3 --snapshot 5")).out;
    assert.match(former, /\n {10}3 {12}2 {7}12 B {7}12 B {2}docs\/\n/);
    const { out } = await look("ls --json --collate 1 --at 10 docs");
    assert.deepEqual(JSON.parse(out.trim().split("\n").at(-1)!), {
      ...{ record: "collated", path: "docs", entries: 2, files: 2, bytes: 1007, stored_bytes: 7 },
    });
    const file = await look("ls --collate 1 docs/a.txt");
    assert.deepEqual([file.code, file.err.includes("docs/a.txt is no folder")], [2, true]);
  }));

Deno.test("names that a terminal must not see are escaped, and are read so again", () =>
  withJob((log) => {
    const names = [
      "a\nb",
      "c\x1b[31m",
      "d\u009b",
      "e\u202e",
      textOfBytes(Uint8Array.of(0xff)),
      "f\\x",
    ];
    log.append(RUN.first, [scanned("")]);
    log.append(RUN.first, [
      observed("", { "": [folder("", { fs: "fs" }), ...names.map((name) => entry(name))] }),
    ]);
  }, async ({ look }) => {
    const { out } = await look("ls");
    const lines = out.trimEnd().split("\n");
    assert.deepEqual(lines, [
      ...["a\\x0ab", "c\\x1b[31m", "d\\xc2\\x9b", "e\\xe2\\x80\\xae", "f\\\\x", "\\xff"],
    ]);
    for (const line of lines) assert.equal((await look(`ls ${line}`)).out, `${line}\n`);
  }));

Deno.test("a path that is not there is a usage error with a suggestion", () =>
  withJob(twoBackups, async ({ look }) => {
    const near = await look("ls dosc/a.txt");
    assert.equal(near.code, 2);
    assert.match(near.err, /error: there is no dosc\/a\.txt in the newest snapshot, 5 of/);
    assert.match(near.err, /hint: did you mean docs\/a\.txt\?/);
    const removed = await look("ls --at 10 docs/z.txt");
    assert.match(
      removed.err,
      /hint: it was removed before; holdfast history docs\/z\.txt tells/,
    );
    assert.match((await look("ls b.txt/x")).err, /hint: b\.txt is no folder/);
    assert.match((await look("ls qqqqqqqq")).err, /hint: holdfast ls lists what is there/);
    assert.deepEqual((await look("ls --snapshot 4")).code, 2);
  }));

Deno.test("snapshots is a table, or a record each", () =>
  withJob((log) => {
    twoBackups(log);
    log.append(RUN.second, [snapshot(12_345, 2)]);
  }, async ({ look }) => {
    const lines = (await look("snapshots")).out.trimEnd().split("\n");
    assert.match(lines[0], /^snapshot {2}time +entries +size {2}state$/);
    assert.match(lines[2], /^ +11 {2}2023-\S+ \S+ {3}12,345 {2}15 B {2}complete, 2 gaps$/);
    const records = (await look("snapshots --json")).out.trim().split("\n");
    assert.deepEqual(records.map((line) => JSON.parse(line).position), [5, 11]);
  }));

Deno.test("log prints a line an event, and with --json the log's own lines", () =>
  withJob(twoBackups, async ({ look, log }) => {
    const { code, out } = await look("log");
    assert.deepEqual([code, out.trimEnd().split("\n").length], [0, 10]);
    assert.match(out, /^ {6}1 {2}2023-\S+ \S+ {2}RunStarted +backup of home by me on host/);
    const json = (await look("log --json --run aaaa --type SnapshotCreated")).out;
    const [line] = [...log.lines({ from: 5, to: 5 })];
    assert.equal(json, `${new TextDecoder().decode(line.line)}\n`);
  }));

Deno.test("log --path shows of a batch only the entries at or below the path", () =>
  withJob(twoBackups, async ({ look }) => {
    const { out } = await look("log --path docs/z.txt");
    const lines = out.trimEnd().split("\n").map((line) => line.replace(/^ +(\d+) {2}.{19}/, "$1"));
    assert.deepEqual(lines, [
      "3  EntriesObserved    1 added: docs/z.txt",
      "4  ObjectsStored      1 object, 5 B, STANDARD: docs/z.txt",
      "9  EntriesObserved    1 removed: docs/z.txt",
    ]);
    const folder = (await look("log --path docs --type EntriesObserved --run bbbb")).out;
    assert.match(folder, /1 added, 1 removed: docs\/new\.txt …\n {9}added: docs\/new\.txt\n/);
  }));

Deno.test("log --follow prints events as they come, until it is stopped", async () => {
  await withJob(twoBackups, async ({ look, log }) => {
    let written = 0;
    const following = look("log --follow --type RunFinished", {
      onOut(interrupt) {
        written++;
        if (written === 2) setTimeout(() => log.append(RUN.second, [finished(9)]), 10);
        if (written === 3) setTimeout(interrupt, 10);
      },
    });
    const { code, out, err } = await following;
    assert.equal(code, 130);
    assert.match(out, /exit code 9\n$/);
    assert.ok(!err.includes("error"), err);
  });
});

Deno.test("status says what a person wants to know, and as facts to a program", () =>
  withJob((log) => {
    twoBackups(log);
    log.append("cc", [started("backup", 77), {
      type: "UploadStarted",
      data: { source: "", path: "big", key: "big", size: "9" },
    }]);
  }, async ({ look, stateFile }) => {
    const { code, out } = await look("status");
    assert.equal(code, 0);
    assert.match(out, /^job +home\nrepository +file:\/\/\/\S+\/store \((11){16}\)\n/);
    assert.match(out, /\nlog +position 12, head [0-9a-f]{64}\n/);
    assert.match(out, /\nknown +6 entries, 3 files, 0\.99 KiB\n/);
    assert.match(out, /\nnot stored +4 entries, 1 file, 0\.98 KiB\n/);
    assert.match(out, /\nsnapshot +5, 2023-.* ago, 6 entries, 15 B\n/);
    assert.match(out, /\nlast backup +at work or cut off, begun 2023-/);
    assert.match(out, /\nwritten now +by nobody\nwithout an end +backup of PID 77 on host \(cc\)/);
    assert.match(out, /\nopen upload +big, since/);
    const lock = takeWriterLock(stateFile, "home", { pid: 77, host: "host", since: "now" });
    const busy = await look("status");
    assert.match(busy.out, /\nlast backup +at work, begun/);
    assert.match(busy.out, /\nwritten now +by PID 77 on host, since now\n/);
    assert.ok(!busy.out.includes("without an end"));
    const facts = JSON.parse((await look("status --json")).out);
    lock.release();
    assert.deepEqual(facts.writer, { pid: 77, host: "host", since: "now" });
    assert.deepEqual([facts.record, facts.position, facts.unstored_bytes], ["status", 12, 1000]);
    assert.deepEqual([facts.open_runs[0].at_work, facts.uploads[0].key], [true, "big"]);
  }));

Deno.test("status says how old the last good snapshot is, and what is not in the repository", () =>
  withJob((log) => {
    twoBackups(log);
    log.append(RUN.second, [snapshot(3, 2)]);
  }, async ({ look, log }) => {
    const before = (await look("status")).out;
    assert.match(
      before,
      /\nlast good snapshot +\d+ d \d+ h ago\nsnapshot +11,.* 2 gaps\nwithout gaps +5,/,
    );
    assert.match(before, /\nunsettled renames +0\nnot shipped +11 events\nopen uploads +0\n/);
    const { position: last, hash: head } = log.head();
    const shipped = { log: log.genesis.log, key: "k", first: 1, last, head };
    log.append(RUN.second, [{ type: "LogSegmentShipped", data: shipped }]);
    const facts = async () => JSON.parse((await look("status --json")).out);
    assert.equal((await facts()).unshipped, 0);
    log.append(RUN.second, [started("backup")]);
    const { unshipped, last_good_age_seconds: age, uploads_open } = await facts();
    assert.deepEqual([unshipped, uploads_open], [1, 0]);
    assert.equal(age, (await facts()).snapshot_without_gaps.age_seconds);
  }));

Deno.test("stats weighs entries, log and database", () =>
  withJob(twoBackups, async ({ look }) => {
    const { out } = await look("stats");
    assert.match(out, /^files +3\nfolders +2\nsymlinks +1\ncontent +0\.99 KiB\nstored +12 B\n/);
    assert.match(out, /0\.98 KiB {2}docs\/new\.txt\n/);
    assert.match(out, /\n +10 +\S+ \S+ {2}in all\n/);
    assert.match(out, /database +\S+ \S+, [\d,]+ B an entry\n$/);
    const facts = JSON.parse((await look("stats --json")).out);
    assert.deepEqual([facts.entries, facts.log_events], [6, 10]);
    assert.deepEqual(facts.largest[0], { path: "docs/new.txt", bytes: 1000 });
  }));

Deno.test("status and stats have exactly the documented facts", () =>
  withJob(twoBackups, async ({ look }) => {
    for (const name of ["status", "stats"] as const) {
      const { record, ...facts } = JSON.parse((await look(`${name} --json`)).out);
      assert.equal(record, name);
      assert.deepEqual(
        Object.keys(facts).sort(),
        Object.keys(RECORD_FIELDS[name].fields).sort(),
      );
    }
  }));

Deno.test("with nothing backed up yet every look answers", () =>
  withJob(() => {}, async ({ look }) => {
    for (const line of ["ls", "ls -r --json", "snapshots", "status", "stats", "log"]) {
      assert.equal((await look(line)).code, 0, line);
    }
    assert.match((await look("snapshots")).err, /note: no backup has been completed yet/);
  }));

Deno.test("without the database every look ends with exit code 10 and makes none", () =>
  withJob(() => {}, async ({ look, stateFile }) => {
    const missing = `${stateFile}.gone`;
    for (const line of ["ls", "snapshots", "status", "stats", "log", "log --follow"]) {
      const { code, err } = await look(line, { stateFile: missing });
      assert.equal(code, 10, line);
      assert.match(err, /error: no database at .*home\.db\.gone/);
    }
    assert.throws(() => Deno.statSync(missing), Deno.errors.NotFound);
  }));

Deno.test("every look answers while a writer is in the middle of a transaction", () =>
  withJob(twoBackups, async ({ look, stateFile }) => {
    const lines = ["ls -r --at 10", "snapshots", "stats --json", "log"];
    const before = await Promise.all(lines.map((line) => look(line)));
    const writer = new DatabaseSync(stateFile);
    writer.exec("BEGIN IMMEDIATE; UPDATE entries SET state = 1; DELETE FROM snapshots");
    const during = await Promise.all(lines.map((line) => look(line)));
    assert.equal((await look("status")).code, 0);
    writer.exec("ROLLBACK");
    writer.close();
    assert.deepEqual(during, before);
  }));
