import assert from "node:assert/strict";
import { initRepository } from "../../src/app/init_repository.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import type { AnyEvent, Layout } from "../../src/core/event/event.ts";
import type { RepositoryFile } from "../../src/core/repository_file.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { createJobLog, openJobLog } from "../../src/sqlite/job_log.ts";
import { databaseFolder, GENESIS, sha256, verify } from "../sqlite/log_fixture.ts";
import { ALICE, BOB } from "../core/recipients.ts";
import { failsWith } from "../stores/store_probes.ts";
import { lateClock, testEnvironment } from "./app_world.ts";
import { failure, type MemoryStore, memoryStore } from "./memory_store.ts";

/** A repository is made once, whatever cuts `init` off, and nobody else's is touched. */
interface Init {
  readonly store: MemoryStore;
  readonly stateFile: string;
  layout: Layout;
  recipients: string[];
  /** Called before each append to the log; what it throws cuts init off there. */
  beforeAppend: (types: string[]) => void;
  run(): ReturnType<typeof initRepository>;
  logged(): AnyEvent[];
  events(): string[];
}

async function inFolder(work: (init: Init) => Promise<void>): Promise<void> {
  const folder = databaseFolder();
  const stateFile = `${folder}/job.db`;
  const store = memoryStore();
  const clock = lateClock();
  const environment = testEnvironment(clock);
  const tools = { clock, sha256 };
  const watched = (log: JobLog): JobLog => ({
    ...log,
    append(run, events, options) {
      const list = typeof events === "function" ? events() : events;
      init.beforeAppend(list.map(({ type }) => type));
      return log.append(run, list, options);
    },
  });
  const init: Init = {
    ...{ store, stateFile, layout: "mirror", recipients: [] },
    beforeAppend: () => {},
    run: () =>
      initRepository({
        environment,
        openStore: (features) => features === undefined ? store : store.withFeatures(features),
        openLog: () =>
          exists(stateFile) ? watched(openJobLog(stateFile, tools, { mode: "write" })) : undefined,
        createLog: (genesis) => watched(createJobLog(stateFile, genesis, tools)),
        signingKey: () => GENESIS.key,
      }, {
        ...{ job: "home", config: { sources: ["/home"] }, configDigest: "c" },
        ...{ storageClass: "STANDARD", encryption: false },
        ...{ layout: init.layout, recipients: init.recipients },
      }),
    events: () => init.logged().map(({ type }) => type),
    logged() {
      const log = openJobLog(stateFile, tools, { mode: "read" });
      try {
        return [...log.events()];
      } finally {
        log.close();
      }
    },
  };
  try {
    await work(init);
    if (exists(stateFile)) assert.deepEqual(verify(stateFile).damage, []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const fileIn = ({ store }: Init): RepositoryFile =>
  JSON.parse(new TextDecoder().decode(store.current(REPOSITORY_KEY)!.body));

const repositoryIn = (init: Init) => fileIn(init).repository;

Deno.test("init probes the store, then puts repository.json with If-None-Match", () =>
  inFolder(async (init) => {
    const report = await init.run();
    assert.equal(report.existed, false);
    assert.equal(repositoryIn(init), report.repository);
    assert.deepEqual(init.events(), [
      ...["RunStarted", "StoreProbed", "RepositoryCreated", "RunFinished"],
    ]);
    assert.equal(init.store.requests.at(-1)!.key, REPOSITORY_KEY);
  }));

Deno.test("init repeated finds the same repository and writes no second one", () =>
  inFolder(async (init) => {
    const first = await init.run();
    const again = await init.run();
    assert.equal(again.repository, first.repository);
    assert.equal(again.existed, true);
    assert.equal(init.store.objects.get(REPOSITORY_KEY)!.length, 1);
    assert.equal(init.events().filter((type) => type === "RepositoryCreated").length, 1);
  }));

for (const type of ["RunStarted", "StoreProbed", "RepositoryCreated", "RunFinished"]) {
  Deno.test(`init cut off before ${type} is finished by the next one`, () =>
    inFolder(async (init) => {
      let dead = false;
      init.beforeAppend = (types) => {
        dead ||= types.includes(type);
        if (dead) throw new Error("killed");
      };
      await assert.rejects(init.run(), /killed/);
      init.beforeAppend = () => {};
      const again = await init.run();
      assert.equal(repositoryIn(init), again.repository);
      assert.equal(init.store.objects.get(REPOSITORY_KEY)!.length, 1);
      assert.equal(init.events().filter((type) => type === "RepositoryCreated").length, 1);
    }));
}

Deno.test("init cut off by the store at any request is finished by the next one", async () => {
  for (let last = 1;; last++) {
    let finished = false;
    await inFolder(async (init) => {
      let requests = 0;
      init.store.before = (_, key) => {
        if (++requests >= last) throw failure("unreachable", "Timeout", key);
      };
      try {
        await init.run();
        finished = true;
      } catch (error) {
        assert.ok(error instanceof HoldfastError && error.kind === "unreachable");
      }
      init.store.before = () => {};
      const again = await init.run();
      assert.equal(again.existed, finished);
      assert.equal(repositoryIn(init), again.repository);
    });
    if (finished) break;
  }
});

Deno.test("a 412 on our own PUT whose answer was lost is recognised", () =>
  inFolder(async (init) => {
    init.store.after = async (operation, key) => {
      if (operation !== "put" || key !== REPOSITORY_KEY) return;
      init.store.after = () => {};
      await init.store.put(key, new Uint8Array(0), { ifNoneMatch: true });
    };
    const report = await init.run();
    assert.equal(repositoryIn(init), report.repository);
    assert.ok(init.events().includes("RepositoryCreated"));
  }));

Deno.test("another repository that was there first is refused, and nothing is written", () =>
  inFolder(async (init) => {
    putOther(init.store);
    const error = await failsWith(init.run(), "no-repository");
    assert.match(error.message, /holds another repository already/);
    assert.equal(init.store.count("put"), 0);
    assert.equal(exists(init.stateFile), false);
  }));

Deno.test("another repository that came while we probed keeps its place", () =>
  inFolder(async (init) => {
    init.store.before = (operation, key) => {
      if (operation !== "put" || key !== REPOSITORY_KEY) return;
      putOther(init.store);
    };
    for (let attempt = 0; attempt < 2; attempt++) {
      await failsWith(init.run(), "no-repository");
      assert.equal(repositoryIn(init), "99".repeat(16));
    }
    assert.ok(!init.events().includes("RepositoryCreated"));
  }));

Deno.test("a repository of a format that is not known is refused", () =>
  inFolder(async (init) => {
    putOther(init.store, 2);
    const error = await failsWith(init.run(), "no-repository");
    assert.match(error.message, /format 2/);
    assert.equal(init.store.count("put"), 0);
  }));

Deno.test("layout and recipients are in repository.json and in the log", () =>
  inFolder(async (init) => {
    init.layout = "pack";
    init.recipients = [ALICE, BOB];
    await init.run();
    const { layout, recipients } = fileIn(init);
    assert.deepEqual([layout, recipients], ["pack", [ALICE, BOB]]);
    assert.deepEqual(init.events(), [
      ...["RunStarted", "StoreProbed", "RepositoryCreated", "RecipientsChanged", "RunFinished"],
    ]);
    const [created, changed] = init.logged().slice(2);
    assert.equal(created.type === "RepositoryCreated" && created.data.layout, "pack");
    assert.deepEqual(changed.data, { recipients: [ALICE, BOB] });
    init.recipients = [BOB, ALICE];
    assert.equal((await init.run()).existed, true);
    assert.equal(init.events().filter((type) => type === "RecipientsChanged").length, 1);
  }));

Deno.test("a repository that encrypts nothing names no recipients", () =>
  inFolder(async (init) => {
    init.layout = "pack";
    await init.run();
    assert.ok(!("recipients" in fileIn(init)));
    assert.ok(!init.events().includes("RecipientsChanged"));
  }));

Deno.test("a repository of another layout is refused before anything is written", () =>
  inFolder(async (init) => {
    putOther(init.store);
    init.layout = "pack";
    const error = await failsWith(init.run(), "no-repository");
    assert.match(error.message, /has the layout "mirror", and this job the layout "pack"/);
    assert.equal(init.store.count("put"), 0);
    assert.equal(exists(init.stateFile), false);
  }));

Deno.test("an init that was cut off is finished for the recipients it was begun for", () =>
  inFolder(async (init) => {
    init.recipients = [ALICE];
    init.beforeAppend = (types) => {
      if (types.includes("RepositoryCreated")) throw new Error("killed");
    };
    await assert.rejects(init.run(), /killed/);
    init.beforeAppend = () => {};
    init.recipients = [BOB];
    const error = await failsWith(init.run(), "key");
    assert.match(error.hint!, /same recipients/);
    assert.ok(!init.events().includes("RecipientsChanged"));
    init.recipients = [ALICE];
    await init.run();
    assert.ok(init.events().includes("RecipientsChanged"));
  }));

function putOther({ objects }: MemoryStore, format = 1): void {
  const text = JSON.stringify({ format, layout: "mirror", repository: "99".repeat(16) });
  const head = {
    ...{ size: text.length, etag: "e", versionId: "v0", storageClass: "STANDARD" },
    ...{ metadata: {}, lastModified: 0 },
  };
  objects.set(REPOSITORY_KEY, [{ body: new TextEncoder().encode(text), head }]);
}

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}
