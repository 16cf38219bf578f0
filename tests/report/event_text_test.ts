import assert from "node:assert/strict";
import type { AnyEvent } from "../../src/core/event/event.ts";
import { eventLineText } from "../../src/report/event_text.ts";
import { allEvents } from "../core/example_events.ts";
import { UTC } from "../../src/core/time_text.ts";

const place = { at: "2026-05-01T00:00:00.000Z", run: "0".repeat(32), version: 1 } as const;
const line = (event: AnyEvent) => eventLineText(event, Date.parse(event.at), UTC);

Deno.test("an event is one line: position, time, type, and what it says in short", () => {
  assert.equal(
    line({
      ...place,
      position: 7,
      type: "SnapshotCreated",
      data: { sources: [], entries: "12345", bytes: "1048576", gaps: 2 },
    }),
    "      7  2026-05-01 00:00:00  SnapshotCreated    12,345 entries, 1 MiB, 2 gaps",
  );
});

Deno.test("a batch is summed up, with its first path, escaped", () => {
  const text = line({
    ...place,
    position: 8,
    type: "EntriesObserved",
    data: {
      source: "docs",
      seen: "0",
      folders: [{
        path: "a",
        entries: [
          { name: { b64: "/w==" }, change: "added" },
          { name: "b", change: "removed" },
          { name: "c", change: "added" },
        ],
      }],
    },
  });
  assert.match(text, /EntriesObserved {4}docs: 2 added, 1 removed: a\/\\xff …$/);
});

Deno.test("every type of event has a line, and says more than its name", () => {
  for (const [i, event] of allEvents().entries()) {
    const text = line({ ...place, ...event, position: i + 1 } as AnyEvent);
    assert.match(text, new RegExp(`^ +${i + 1}  2026-05-01 00:00:00  ${event.type} +\\S`));
    assert.doesNotMatch(text, /\n|undefined|\[object|NaN/);
  }
});

Deno.test("a rename says which way it is settled and why, a deletion what for", () => {
  const text = (event: Partial<AnyEvent>) => line({ ...place, position: 9, ...event } as AnyEvent);
  const rename = { path: "new/a", from: "docs/a", way: "alias" as const, why: "versions" };
  assert.match(
    text({ type: "RenameAliased", data: { source: "docs", renames: [rename, rename] } }),
    /RenameAliased {6}docs: alias docs\/a for new\/a … 2: versions$/,
  );
  const objects = [{ key: "docs/a", stored: 3 }];
  assert.match(
    text({ type: "ObjectDeleted", data: { why: "renamed", objects } }),
    /ObjectDeleted {6}1 object, renamed: docs\/a$/,
  );
});
