import assert from "node:assert/strict";
import { findListed, type Listed } from "../../src/app/find_listed.ts";
import { jobStats } from "../../src/app/job_stats.ts";
import { jobStatus } from "../../src/app/job_status.ts";
import { listEntries } from "../../src/app/list_entries.ts";
import { textOfBytes } from "../../src/core/path_text.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { createLog, databaseFolder, openLog } from "../sqlite/log_fixture.ts";
import {
  entry,
  finished,
  folder,
  object,
  observed,
  RUN,
  scanned,
  snapshot,
  started,
  stored,
  twoBackups,
} from "./look_fixture.ts";

function withLog(write: (log: JobLog) => void, read: (log: JobLog) => void | Promise<void>) {
  return async () => {
    const home = databaseFolder();
    try {
      const log = createLog(`${home}/home.db`);
      try {
        write(log);
        await read(log);
      } finally {
        log.close();
      }
    } finally {
      Deno.removeSync(home, { recursive: true });
    }
  };
}

function listed({ index }: JobLog, path: string, recursive = false): string[] {
  const found = findListed(index, path);
  assert.notEqual(found.kind, "missing", path);
  return [...listEntries(index, found as Listed, { recursive })].map((entry) => entry.path);
}

Deno.test(
  "a folder's entries are listed in byte order, without what was removed",
  withLog(twoBackups, (log) => {
    assert.deepEqual(listed(log, ""), ["b.txt", "docs", "docs-2", "link"]);
    assert.deepEqual(listed(log, "docs"), ["docs/a.txt", "docs/new.txt"]);
    assert.deepEqual(listed(log, "docs/a.txt"), ["docs/a.txt"]);
    assert.deepEqual(listed(log, "docs-2", true), []);
    assert.deepEqual(listed(log, "", true), [
      ...["b.txt", "docs", "docs/a.txt", "docs/new.txt", "docs-2", "link"],
    ]);
  }),
);

Deno.test(
  "a path that is not there says where it ends, why, and what is there instead",
  withLog(twoBackups, ({ index }) => {
    const missing = (path: string) => {
      const found = findListed(index, path);
      assert.ok(found.kind === "missing", path);
      return [found.within, found.name, found.why, [...found.names()].join(" ")];
    };
    assert.deepEqual(missing("docs/b.txt"), ["docs", "b.txt", "unknown", "a.txt new.txt"]);
    assert.deepEqual(missing("dosc/a.txt"), ["", "dosc", "unknown", "docs docs-2 b.txt link"]);
    assert.deepEqual(missing("docs/z.txt")[2], "removed");
    assert.deepEqual(missing("b.txt/x").slice(0, 3), ["", "b.txt", "no-folder"]);
  }),
);

const raw = textOfBytes(Uint8Array.of(0x61, 0xff));

Deno.test(
  "given named sources, they are the folders of the root, and paths begin with them",
  withLog((log) => {
    for (const source of ["mail", "docs"]) {
      log.append(RUN.first, [scanned(source)]);
      log.append(RUN.first, [
        observed(source, {
          "": [folder("", { fs: "fs" }), folder("in"), entry(raw)],
          in: [entry(source)],
        }),
      ]);
    }
  }, (log) => {
    assert.deepEqual(listed(log, ""), ["docs", "mail"]);
    assert.deepEqual(listed(log, "mail"), [`mail/${raw}`, "mail/in"]);
    assert.deepEqual(listed(log, `docs/${raw}`), [`docs/${raw}`]);
    assert.deepEqual(listed(log, "mail/in/mail"), ["mail/in/mail"]);
    assert.deepEqual(listed(log, "", true), [
      ...["docs", `docs/${raw}`, "docs/in", "docs/in/docs"],
      ...["mail", `mail/${raw}`, "mail/in", "mail/in/mail"],
    ]);
    const missing = findListed(log.index, "dcos/in");
    assert.ok(missing.kind === "missing");
    assert.deepEqual([missing.name, [...missing.names()]], ["dcos", ["docs", "mail"]]);
  }),
);

Deno.test("a listing sees the moment at which the database was opened", () => {
  const home = databaseFolder();
  try {
    const writer = createLog(`${home}/home.db`);
    twoBackups(writer);
    const reader = openLog(`${home}/home.db`, { mode: "read", frozen: true });
    const entries = listEntries(reader.index, { kind: "root" }, { recursive: true });
    assert.equal(entries.next().value?.path, "b.txt");
    writer.append(RUN.second, [observed("", { docs: [entry("later.txt")] })]);
    assert.deepEqual([...entries].map(({ path }) => path), [
      ...["docs", "docs/a.txt", "docs/new.txt", "docs-2", "link"],
    ]);
    assert.equal(reader.head().position, 10);
    reader.close();
    assert.equal(writer.head().position, 11);
    writer.close();
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});

Deno.test(
  "the status tells what is stored, the runs, and the snapshots",
  withLog(twoBackups, (log) => {
    const status = jobStatus(log);
    assert.deepEqual(status.totals, { entries: 6, files: 3, bytes: 1012n });
    assert.deepEqual(status.unstored, { entries: 4, files: 1, bytes: 1000n });
    assert.deepEqual(status.lastRuns.map(({ command, outcome }) => [command, outcome]), [
      ["backup", 3],
    ]);
    assert.deepEqual([status.snapshots, status.newest?.position], [1, 5]);
    assert.deepEqual([status.openRuns, status.interrupted, status.refused], [[], [], []]);
    assert.equal(status.probed, undefined);
  }),
);

Deno.test(
  "the status tells runs cut off, open uploads, refused scans, gaps and what the store lacks",
  withLog((log) => {
    twoBackups(log);
    log.append("cc", [started("init"), finished()]);
    log.append("dd", [started("backup", 7), {
      type: "UploadStarted",
      data: { source: "", path: "big", key: "big", size: "9" },
    }]);
    log.append("ee", [{ type: "RunInterrupted", data: { run: "dd" } }, started("backup", 8), {
      type: "ScanRefused",
      data: { source: "", guard: "max_delete", missing: 40, limit: 20, sample: ["docs/a.txt"] },
    }, {
      type: "StoreProbed",
      data: { url: "file:///x", features: { putIfAbsent: "yes", checksums: "none kept" } },
    }, snapshot(6, 2)]);
  }, (log) => {
    const status = jobStatus(log);
    assert.deepEqual(status.lastRuns.map(({ command, run }) => [command, run]), [
      ["backup", "ee"],
      ["init", "cc"],
    ]);
    assert.deepEqual(status.openRuns.map(({ run }) => run), ["ee"]);
    assert.deepEqual(status.interrupted.map(({ run }) => run), ["dd"]);
    assert.deepEqual(status.uploads.map(({ key }) => key), ["big"]);
    assert.deepEqual(status.refused.map(({ data }) => data.missing), [40]);
    assert.deepEqual(status.probed?.lacking, { checksums: "none kept" });
    assert.deepEqual([status.newest?.gaps, status.newestWhole?.position], [2, 5]);
  }),
);

Deno.test(
  "the statistics count by type, name the largest files and weigh the log",
  withLog((log) => {
    twoBackups(log);
    const many = Array.from({ length: 20 }, (_, i) => entry(`f${i}`, { size: String(100 + i) }));
    log.append(RUN.second, [observed("", { "docs-2": many })]);
    log.append(RUN.second, [stored("", { "docs-2": [object("f0", 11)] })]);
  }, async (log) => {
    let calls = 0;
    const breathe = () => (calls++, undefined);
    const { sources: [source], largest, events } = await jobStats(log, breathe);
    assert.equal(calls, 26);
    const nothing = { block: 0, char: 0, fifo: 0 };
    assert.deepEqual(source.counts, { file: 23, folder: 2, symlink: 1, ...nothing });
    assert.equal(source.bytes, 1012n + 2190n);
    assert.equal(source.storedBytes, 12n + 100n);
    assert.deepEqual(largest.map(({ path }) => path), [
      "docs/new.txt",
      ...Array.from({ length: 9 }, (_, i) => `docs-2/f${19 - i}`),
    ]);
    assert.deepEqual(events.map(({ type, events }) => `${type} ${events}`), [
      ...["EntriesObserved 3", "ObjectsStored 2", "RunFinished 2", "RunStarted 2"],
      ...["ScanStarted 2", "SnapshotCreated 1"],
    ]);
    const bytes = [...log.lines()].length;
    assert.ok(events.reduce((sum, event) => sum + event.bytes, 0) > bytes);
  }),
);
