import assert from "node:assert/strict";
import type { EntryRow } from "../../src/core/index/rows.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { putOver } from "../../src/app/put_over.ts";
import { storeContext } from "../../src/app/store_entries.ts";
import { bytesOfText } from "../../src/core/path_text.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { sha256 } from "../sqlite/log_fixture.ts";
import { bytesOf, failsWith } from "../stores/store_probes.ts";
import { inWorld, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";

/** A store without versions: whoever writes over a content destroys it. */
const options = { versions: false };

interface Writing {
  readonly world: World;
  /** Of the file `one`, which is stored. */
  row(): EntryRow;
  put(text: string, row?: EntryRow): Promise<unknown>;
  /** Requests since the last look. */
  requests(): string[];
  /** Whether another machine has the job by now. */
  isTakenOver: boolean;
}

function withWriting(use: (writing: Writing) => Promise<void>): Promise<void> {
  return inWorld(async (world) => {
    world.write("one", "first");
    await world.backup();
    const { log, store, clock } = world;
    const context = storeContext({
      ...{ log, run: "dd".repeat(16), clock, sha256, emit() {}, inPacks: false },
      signal: new AbortController().signal,
    }, {
      ...{ store, hashing: platformHashing, owners: () => ({}), sources: new Map() },
      ...{ storageClass: "STANDARD", minArchiveSize: 0, partSize: 1 << 20, workers: 1 },
      ship: () => Promise.resolve(),
      stillOurs() {
        if (!writing.isTakenOver) return Promise.resolve();
        return Promise.reject(new HoldfastError("locked", "another machine writes the job"));
      },
    });
    const writing: Writing = {
      world,
      isTakenOver: false,
      row() {
        const root = log.index.tables.findFolder(0, new Uint8Array(0))!;
        return log.index.tables.findEntry(root.id, bytesOfText("one"))!;
      },
      put(text, row = writing.row()) {
        const body = bytesOf(text);
        return putOver(context, { key: "one", row }, (asked) => store.put("one", body, asked));
      },
      requests: () => store.requests.splice(0).map(({ operation }) => operation),
    };
    writing.requests();
    await use(writing);
  }, options);
}

const text = ({ world }: Writing) => new TextDecoder().decode(world.store.current("one")!.body);

Deno.test("over what the index knows is put in one request", () =>
  withWriting(async (writing) => {
    await writing.put("second");
    assert.deepEqual([writing.requests(), text(writing)], [["put"], "second"]);
  }));

Deno.test("under a key that is new to the index and holds something, the log decides", () =>
  withWriting(async (writing) => {
    const { row, world: { store } } = writing;
    const fresh: EntryRow = { ...row(), occupant: 0, content: { ...row().content, stored: 0 } };
    // Stored by this log's own machine, in a run that was cut off: no question.
    writing.isTakenOver = true;
    await writing.put("again", fresh);
    assert.deepEqual([writing.requests(), text(writing)], [["put", "head", "put"], "again"]);
    // The metadata are gone with that: nobody's. Then it is ours while the log is.
    await failsWith(writing.put("late", fresh), "locked");
    assert.equal(text(writing), "again");
    writing.isTakenOver = false;
    await writing.put("ours", fresh);
    assert.equal(text(writing), "ours");
    assert.equal(store.objects.get("one")!.length, 1);
  }));

Deno.test("what takes the key between the look and the write is not lost", () =>
  withWriting(async (writing) => {
    const { world: { store } } = writing;
    await store.put("one", bytesOf("of another"), {});
    writing.requests();
    writing.isTakenOver = true;
    await failsWith(writing.put("late"), "locked");
    assert.equal(text(writing), "of another");
    writing.isTakenOver = false;
    let others = 0;
    store.before = (operation) => {
      if (operation !== "put" || others++ !== 1) return;
      store.before = () => {};
      return store.put("one", bytesOf("of a third"), {}).then(() => {});
    };
    await writing.put("last");
    assert.equal(text(writing), "last");
  }));

Deno.test("credentials and stores that know no If-Match store all the same, while the log is ours", () =>
  withWriting(async (writing) => {
    const { world: { store } } = writing;
    for (const kind of ["denied", "refused"] as const) {
      let first = true;
      store.before = (operation, key) => {
        if (operation !== "put" || !first) return;
        first = false;
        throw failure(kind, kind === "denied" ? "AccessDenied" : "NotImplemented", key);
      };
      writing.isTakenOver = true;
      await failsWith(writing.put("late"), "locked");
      first = true;
      writing.isTakenOver = false;
      await writing.put(kind);
      assert.equal(text(writing), kind);
      // Back to what the index knows.
      store.before = () => {};
      await store.put("one", bytesOf("first"), {});
    }
  }));

Deno.test("a large file whose upload the store gives up over what lies there is sent anew, once", () =>
  inWorld(async (world) => {
    const content = "long ".repeat(100);
    world.write("large", content);
    await world.store.put("large", bytesOf("another's"), {
      metadata: {},
      storageClass: "STANDARD",
    });
    world.store.requests.splice(0);
    const report = await world.backup({ partSize: 200 });
    assert.deepEqual([report.exitCode, report.stored.objects], [0, 1]);
    assert.equal(world.store.count("createUpload"), 2);
    assert.equal(world.events("UploadAborted").length, 1);
    assert.equal(new TextDecoder().decode(world.store.objects.get("large")!.at(-1)!.body), content);
  }, options));
