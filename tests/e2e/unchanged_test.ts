/** What a run costs in requests where nothing, or nothing but metadata, has changed. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { freshBucket, type Gateway, withGateway } from "./each_store.ts";
import { holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { editConfig, makeSmallTree, s3Job, settle, withPlace } from "./place.ts";
import { accessLog, type LoggedRequest } from "./store_look.ts";
import { assertSameTree } from "./compare.ts";

/** A tree of 310 entries backed up to versitygw, all of it settled. */
function withSettledJob(
  use: (place: Place, requests: () => Promise<LoggedRequest[]>, server: Gateway) => Promise<void>,
): Promise<void> {
  return withGateway((server) =>
    withPlace(async (empty) => {
      const src = `${empty.folder}/src`;
      makeSmallTree(src);
      shell(src, "mkdir many; for i in $(seq 300); do echo $i > many/$i; done");
      await settle();
      const place = await s3Job(empty, server, await freshBucket(server));
      await mustEnd(0, place, ["backup"]);
      const requests = accessLog(server.folder);
      await requests();
      await use(place, requests, server);
    })
  );
}

/** Whatever puts bytes or deletes, but for the log's own segments and renames objects. */
function writes(requests: readonly LoggedRequest[]): string[] {
  return requests.filter(({ operation, line }) =>
    !/^(?:Get|Head|List)/.test(operation) && !/\.holdfast\/(?:log|renames)\//.test(line)
  ).map(({ line }) => line);
}

Deno.test("an unchanged run makes at most ten requests and writes its log only", () =>
  withSettledJob(async (place, requests) => {
    const { code, records, said } = await holdfastJson(place, ["backup"]);
    assert.equal(code, 0, said);
    assert.equal(totalsOf(records).observed, 0);
    const made = await requests();
    console.log(`requests of an unchanged run: ${made.map(({ operation }) => operation)}`);
    assert.ok(made.length <= 10, `${made.length} requests`);
    assert.deepEqual(writes(made), []);
  }));

Deno.test("a dry run writes nothing to the store and nothing to the log", () =>
  withSettledJob(async (place, requests) => {
    Deno.writeTextFileSync(`${place.folder}/src/new`, "new");
    const before = await mustEnd(0, place, ["--json", "log"]);
    const plan = await mustEnd(0, place, ["--dry-run", "backup"]);
    assert.match(plan.stdout, /store new \(file, 3 B\): new/);
    assert.match(plan.stdout, /plan: store [12] entr/);
    assert.deepEqual(writes(await requests()), []);
    assert.equal((await mustEnd(0, place, ["--json", "log"])).stdout, before.stdout);
  }));

Deno.test("a tree copied to a new place uploads nothing when the source is changed to it", () =>
  withSettledJob(async (place, requests) => {
    shell(place.folder, "cp -a src copy");
    await settle();
    editConfig(place, `${place.folder}/src`, `${place.folder}/copy`);
    await uploadsNothing(place, requests);
    const out = `${place.folder}/out`;
    await mustEnd(0, place, ["restore", "--to", out]);
    assertSameTree(`${place.folder}/copy`, out);
  }));

Deno.test("a tree replaced by its copy uploads nothing", () =>
  withSettledJob(async (place, requests) => {
    shell(place.folder, "cp -a src copy; mv src old; mv copy src");
    await settle();
    await uploadsNothing(place, requests);
  }));

Deno.test("touch, chmod and new attributes upload nothing and are restored", () =>
  withSettledJob(async (place, requests) => {
    shell(
      `${place.folder}/src`,
      `touch pictures/large.jpg docs/one.txt many many/1; chmod 600 docs/letters/two.txt
       chmod 700 empty docs; setfattr -n user.note -v x docs/one.txt; setfattr -n user.note -v y many`,
    );
    await settle();
    await uploadsNothing(place, requests);
    const out = `${place.folder}/out`;
    await mustEnd(0, place, ["restore", "--to", out]);
    assertSameTree(`${place.folder}/src`, out);
  }));

async function uploadsNothing(
  place: Place,
  requests: () => Promise<LoggedRequest[]>,
): Promise<void> {
  const { code, records, said } = await holdfastJson(place, ["backup"]);
  assert.equal(code, 0, said);
  assert.ok(totalsOf(records).observed > 0, "the change was not seen");
  assert.equal(totalsOf(records).objects, 0);
  const made = await requests();
  assert.deepEqual(writes(made), []);
  await mustEnd(0, place, ["log", "verify"]);
}
