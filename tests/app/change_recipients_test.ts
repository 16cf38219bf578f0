import assert from "node:assert/strict";
import { changeRecipients } from "../../src/app/change_recipients.ts";
import { type LogShipper, noShipping } from "../../src/app/ship_log.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import type { RepositoryFile } from "../../src/core/repository_file.ts";
import { ALICE, BOB } from "../core/recipients.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";

const fileIn = ({ store }: World): RepositoryFile =>
  JSON.parse(new TextDecoder().decode(store.current(REPOSITORY_KEY)!.body));

/** A job whose config says `config`, and is to say `wanted`. */
interface Change {
  config: readonly string[];
  readonly said: string[];
  run(wanted: readonly string[]): ReturnType<typeof changeRecipients>;
}

function changeIn(world: World, more: { shipper?: LogShipper } = {}): Change {
  const change: Change = {
    config: [],
    said: [],
    run: (wanted) =>
      changeRecipients({
        ...{ log: world.log, store: world.store, environment: world.environment, ...more },
        ...(String(change.config) === String(wanted) ? {} : {
          writeConfig: () => void (change.config = wanted),
        }),
      }, {
        ...{ recipients: wanted, layout: "mirror", config: { recipients: wanted } },
        configDigest: "c",
      }),
  };
  return change;
}

const logged = (world: World) =>
  world.events("RecipientsChanged").map(({ data }) => data.recipients);

Deno.test("recipients change in the repository, in the log and in the config", () =>
  inWorld(async (world) => {
    const change = changeIn(world);
    assert.deepEqual(await change.run([ALICE]), { before: [], changed: true });
    assert.deepEqual(await change.run([ALICE, BOB]), { before: [ALICE], changed: true });
    const { recipients, jobs, repository, logs } = fileIn(world);
    assert.deepEqual([recipients, change.config], [[ALICE, BOB], [ALICE, BOB]]);
    assert.deepEqual(jobs[world.log.genesis.job], { recipients: [ALICE, BOB] });
    assert.equal(repository, world.log.genesis.repository);
    assert.equal(logs.length, 1);
    assert.deepEqual(logged(world), [[ALICE], [ALICE, BOB]]);
    const [{ data }] = world.events("RunStarted");
    assert.equal(data.command, "key recipients");
    world.verify();
  }));

Deno.test("what all three say already is no run", () =>
  inWorld(async (world) => {
    const change = changeIn(world);
    await change.run([ALICE]);
    const { position } = world.log.head();
    assert.deepEqual(await change.run([ALICE]), { before: [ALICE], changed: false });
    assert.equal(world.log.head().position, position);
  }));

Deno.test("a change that was made in the config by hand is made known, also to none", () =>
  inWorld(async (world) => {
    const change = changeIn(world);
    await change.run([ALICE]);
    change.config = [BOB];
    await change.run([BOB]);
    assert.deepEqual([fileIn(world).recipients, logged(world).at(-1)], [[BOB], [BOB]]);
    change.config = [];
    await change.run([]);
    assert.deepEqual([fileIn(world).recipients, logged(world).at(-1)], [undefined, []]);
  }));

Deno.test("cut off at any request or append, the three agree or the repository differs: repeated, it ends", async () => {
  for (let last = 1, finished = false; !finished; last++) {
    await inWorld(async (world) => {
      const change = changeIn(world);
      await change.run([ALICE]);
      let steps = 0;
      const step = () => {
        if (++steps === last) throw failure("unreachable", "Timeout", "x");
      };
      world.store.before = step;
      world.store.after = step;
      const { append } = world.log;
      world.log = { ...world.log, append: (...args) => (step(), append(...args)) };
      finished = await change.run([BOB]).then(() => true, () => false);
      world.store.before = () => {};
      world.store.after = () => {};
      world.reopen();
      const isStopped = String(fileIn(world).recipients) !== String(change.config);
      const isOld = [fileIn(world).recipients, change.config, logged(world).at(-1)]
        .every((each) => String(each) === ALICE);
      const isNew = String(change.config) === BOB && String(logged(world).at(-1)) === BOB;
      assert.ok(isStopped || isOld || isNew, `step ${last}`);
      await change.run([BOB]);
      assert.deepEqual([fileIn(world).recipients, change.config, logged(world).at(-1)], [
        ...[[BOB], [BOB], [BOB]],
      ]);
      world.verify();
    });
  }
});

Deno.test("nothing is shipped for recipients that the repository does not name yet", () =>
  inWorld(async (world) => {
    const shipped: unknown[] = [];
    const shipper: LogShipper = {
      ...noShipping,
      shipStart: () => Promise.reject(new Error("too early")),
      ship: () => Promise.reject(new Error("too early")),
      end: () => Promise.resolve(void shipped.push(fileIn(world).recipients)),
    };
    const change = changeIn(world, { shipper });
    await change.run([ALICE]);
    world.store.before = (operation) => {
      if (operation === "put") throw failure("denied", "AccessDenied", "x");
    };
    await failsWith(change.run([BOB]), "denied");
    assert.deepEqual(shipped, [[ALICE]]);
    assert.deepEqual([change.config, logged(world)], [[ALICE], [[ALICE]]]);
  }));

Deno.test("a repository.json that somebody changes meanwhile is left as it is", () =>
  inWorld(async (world) => {
    const change = changeIn(world);
    let heads = 0;
    world.store.before = async (operation, key) => {
      if (operation !== "head" || ++heads !== 2) return;
      const theirs = { ...fileIn(world), recipients: [ALICE] };
      await world.store.put(key, new TextEncoder().encode(JSON.stringify(theirs)), {});
    };
    await failsWith(change.run([BOB]), "conflict");
    assert.deepEqual([fileIn(world).recipients, change.config, logged(world)], [[ALICE], [], []]);
  }));

Deno.test("another repository, or another layout, is refused before the run begins", () =>
  inWorld(async (world) => {
    const before = world.log.head().position;
    const put = async (more: object) => {
      const file = { ...fileIn(world), ...more };
      await world.store.put(
        REPOSITORY_KEY,
        new TextEncoder().encode(JSON.stringify(file)),
        {},
      );
    };
    await put({ layout: "pack" });
    await failsWith(changeIn(world).run([ALICE]), "no-repository");
    await put({ layout: "mirror", repository: "99".repeat(16) });
    await failsWith(changeIn(world).run([ALICE]), "no-repository");
    assert.equal(world.log.head().position, before);
  }));
