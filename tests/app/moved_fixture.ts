import type { AnyNewEvent, ObservedEntry } from "../../src/core/event/event.ts";
import { jsonOfText, type PathText } from "../../src/core/path_text.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import {
  entry,
  finished,
  folder,
  object,
  observed,
  removed,
  scanned,
  snapshot,
  started,
  stored,
} from "./look_fixture.ts";

export function run(number: number): string {
  return number.toString(16).padStart(32, "0");
}

/** A file that was under `from`, its content under `key` since position `at`. */
export function moved(
  name: PathText,
  from: PathText,
  content: { stored: number; key: string },
  more: Partial<ObservedEntry> = {},
): ObservedEntry {
  return entry(name, {
    change: "moved",
    from: jsonOfText(from),
    evidence: "file id",
    content,
    ...more,
  });
}

export function movedFolder(name: PathText, from: PathText, prev: number): ObservedEntry {
  return folder(name, { change: "moved", from: jsonOfText(from), prev });
}

/** Position of each batch that tests ask for. */
export interface Lives {
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly fourth: number;
}

/**
 * Four backups with a snapshot each. 1: `docs/a.txt`, `docs/b.txt`, `docs/sub/c.txt`, `old.txt`.
 * 2: `docs/a.txt` is `docs/b.txt` and the other way round, `old.txt` is `docs/new.txt`. 3: `docs` is
 * `papers`. 4: `papers/new.txt` has another content, `papers/sub` is `papers/under`, and there is a
 * new `old.txt`.
 */
export function fourBackups(log: JobLog): Lives {
  const append = (number: number, ...events: AnyNewEvent[]) => log.append(run(number), events);
  const end = (number: number, entries: number) => {
    const position = append(number, snapshot(entries));
    append(number, finished());
    return position;
  };
  const seen = append(
    ...[1, started("backup"), scanned("")] as const,
    observed("", {
      "": [folder("", { fs: "fs" }), folder("docs"), entry("old.txt", { size: "9" })],
      docs: [entry("a.txt", { id: "1" }), entry("b.txt", { id: "2", size: "6" }), folder("sub")],
      "docs/sub": [entry("c.txt")],
    }),
  );
  const put = append(
    1,
    stored("", {
      "": [object("old.txt", seen)],
      docs: [object("a.txt", seen), object("b.txt", seen)],
      "docs/sub": [object("c.txt", seen)],
    }),
  );
  const first = end(1, 6);
  const swapped = append(
    ...[2, started("backup"), scanned("")] as const,
    observed("", {
      docs: [
        moved("a.txt", "docs/b.txt", { stored: put, key: "docs/b.txt" }, { prev: put, size: "6" }),
        moved("b.txt", "docs/a.txt", { stored: put, key: "docs/a.txt" }, { prev: put }),
        moved("new.txt", "old.txt", { stored: put, key: "old.txt" }, { size: "9" }),
      ],
      "": [removed("old.txt", put)],
    }),
  );
  const renames = [
    { path: "docs/new.txt", from: "old.txt", way: "alias" as const, why: "the class is archived" },
  ];
  append(2, { type: "RenameAliased", data: { source: "", renames } });
  const second = end(2, 6);
  append(
    ...[3, started("backup"), scanned("")] as const,
    observed("", { "": [movedFolder("papers", "docs", seen)] }),
  );
  const third = end(3, 6);
  append(
    ...[4, started("backup"), scanned("")] as const,
    observed("", {
      papers: [
        movedFolder("under", "papers/sub", seen),
        entry("new.txt", { change: "changed", size: "10", mode: 0o600, prev: swapped }),
      ],
      "": [entry("old.txt", { prev: swapped })],
    }),
  );
  const fourth = end(4, 7);
  return { first, second, third, fourth };
}
