import assert from "node:assert/strict";
import {
  type CostPlace,
  FILE_PRICES,
  type Ran,
  RESTORE_PRICES,
  withCostPlace,
} from "./cost_program.ts";

const MB = 2 ** 20;
const GB = 2 ** 30;

function fill({ source }: CostPlace): void {
  Deno.mkdirSync(`${source}/films/old`, { recursive: true });
  Deno.mkdirSync(`${source}/docs`);
  Deno.writeFileSync(`${source}/films/one`, noise(3 * MB));
  Deno.writeFileSync(`${source}/films/old/two`, noise(2 * MB));
  Deno.writeTextFileSync(`${source}/docs/letter`, "dear");
}

/** Bytes that no compression makes smaller. */
function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

// deno-lint-ignore no-explicit-any -- records of the program's own JSON
function records({ out }: Ran): any[] {
  return out.trim().split("\n").map((line) => JSON.parse(line));
}

const archived = ["--storage-class", "GLACIER"];
const packed = ["--storage-class", "GLACIER", "--layout", "pack", "--encryption", "none"];

for (const [layout, init] of [["mirror", archived], ["pack", packed]] as const) {
  Deno.test(`backup --dry-run ends with its price, in the ${layout} layout`, () =>
    withCostPlace({ init }, async (place) => {
      fill(place);
      const { code, out } = await place.run("backup", "--dry-run");
      assert.equal(code, 0);
      assert.match(out, /\n {2}PUT requests to GLACIER: \d at \$0\.03 per 1,000 requests = /);
      assert.match(out, /\nprice: \$0\.0\d+, and (\$|less than \$)0\.0\d+ more a month\n$/);
      const [once, monthly] = records(await place.run("backup", "--dry-run", "--json"))
        .filter(({ record }) => record === "price");
      const puts = once.lines.find(({ what }: { what: string }) => /to GLACIER$/.test(what));
      assert.equal(puts.usd, puts.quantity * 0.03);
      assert.deepEqual([once.of, monthly.of, once.unknown, monthly.unknown], [
        "plan",
        "month",
        [],
        [],
      ]);
    }));

  Deno.test(`a limit stops a backup before it has written anything, in the ${layout} layout`, () =>
    withCostPlace({ init }, async (place) => {
      fill(place);
      const before = place.stored();
      const refused = await place.run("backup", "--max-cost", "0.00001");
      assert.equal(refused.code, 6, refused.err);
      assert.match(
        refused.err,
        /error: it costs \$0\.0\d+, above less than \$0\.0001\nhint: nothing/,
      );
      assert.deepEqual(place.stored(), before);
      const runs = records(await place.run("cost", "--json")).filter(({ record }) =>
        record === "run-cost"
      );
      assert.deepEqual(runs, [], "nor is a run in the log");
      const dry = await place.run("backup", "--dry-run", "--max-cost", "0.00001");
      assert.deepEqual([dry.code, /\nprice: /.test(dry.out)], [6, true]);
      assert.equal((await place.run("backup", "--max-cost", "1")).code, 0);
      assert.ok(place.stored().length > before.length);
    }));

  Deno.test(`what is unknown stops a backup with a limit, and says what it is, in the ${layout} layout`, () =>
    withCostPlace({ init, config: "max_cost = 1000\n" }, async (place) => {
      fill(place);
      const before = place.stored();
      const refused = await place.run("backup");
      assert.equal(refused.code, 6, refused.err);
      assert.match(refused.err, /no price is known for .*PUT requests to GLACIER/);
      assert.deepEqual(place.stored(), before);
    }));

  Deno.test(`cost tells each folder, class, tier and run, in the ${layout} layout`, () =>
    withCostPlace({ init }, async (place) => {
      fill(place);
      assert.equal((await place.run("backup")).code, 0);
      const found = records(await place.run("cost", "--json"));
      const stored = found.filter(({ record }) => record === "stored-cost");
      const at = (path: string | null, storageClass: string) =>
        stored.find((row) => row.path === path && row.storage_class === storageClass);
      const films = at("films", "GLACIER");
      assert.ok(Math.abs(films.bytes - 5 * MB) < MB / 10, `${films.bytes}`);
      assert.equal(films.objects, 2);
      const expected = films.bytes / 2 ** 30 * 0.0036;
      assert.ok(Math.abs(films.usd - expected) < expected * 0.02 + 1e-6, `${films.usd}`);
      const total = at(null, "GLACIER");
      assert.ok(total.bytes >= films.bytes && total.usd > 0);
      assert.deepEqual(stored.flatMap(({ unknown }) => unknown), []);
      assert.equal(at("films/old", "GLACIER"), undefined);

      const deeper = records(await place.run("cost", "--json", "--depth", "2"));
      const old = deeper.find((row) => row.path === "films/old" && row.storage_class === "GLACIER");
      assert.ok(old.objects === 1 && Math.abs(old.bytes - 2 * MB) < MB / 10);
      const flat = records(await place.run("cost", "--json", "--depth", "0"))
        .filter(({ record, path }) => record === "stored-cost" && path !== null);
      assert.deepEqual([...new Set(flat.map(({ path }) => path))], [""]);

      const tiers = found.filter(({ record, of }) => record === "price" && of === "restore");
      assert.deepEqual(tiers.map(({ tier }) => tier), ["Bulk", "Standard", "Expedited"]);
      assert.match(tiers[0].wait, /5 to 12 hours/);
      assert.ok(tiers[0].unknown.some((what: string) => /^Bulk retrieval/.test(what)));
      const [run] = found.filter(({ record }) => record === "run-cost");
      assert.ok(run.command === "backup" && run.usd > 0 && run.requests >= 3);
      assert.deepEqual(run.unknown, []);

      const { out } = await place.run("cost");
      assert.match(out, /^prices of file, /);
      assert.match(out, / films\/\n/);
      assert.match(out, / GLACIER\n/);
      assert.match(out, /\nrestoring everything:\ntier /);
      assert.match(out, /\nBulk +unknown {2}5 to 12 hours\n|at least/);
    }));
}

for (const [layout, init] of [["mirror", archived], ["pack", packed]] as const) {
  Deno.test(`cost tells what restoring a part would cost by tier, in the ${layout} layout`, () =>
    withCostPlace({ init, config: `${FILE_PRICES}\n${RESTORE_PRICES}` }, async (place) => {
      fill(place);
      assert.equal((await place.run("backup")).code, 0);
      const args = ["cost", "films/old", "docs/letter", "--days", "3"];
      const prices = records(await place.run(...args, "--json"))
        .filter(({ record, of }) => record === "price" && of === "restore");
      const [whole, part] = [false, true].map((wanted) =>
        prices.filter(({ paths }) => (paths !== undefined) === wanted)
      );
      const tiers = ["Bulk", "Standard", "Expedited"];
      for (const found of [whole, part]) assert.deepEqual(found.map(({ tier }) => tier), tiers);
      assert.deepEqual(part[0].paths, ["films/old", "docs/letter"]);
      assert.match(part[0].wait, /5 to 12 hours/);
      assert.deepEqual([part[0].unknown, part[1].unknown], [[], []]);
      // Of a pack all of it is warmed up, and what is wanted is downloaded: 2 MB and 4 bytes.
      const warmed = (layout === "pack" ? 5 : 2) * MB / GB;
      const bulk = warmed * 4 / 30 * 0.023 + 2 * MB / GB * 0.09 + 2 * 0.0004 / 1000;
      const standard = bulk + warmed * 0.01 + 0.05 / 1000;
      assert.ok(Math.abs(part[0].usd - bulk) < bulk / 100, `${part[0].usd}, not ${bulk}`);
      assert.ok(Math.abs(part[1].usd - standard) < standard / 100, `${part[1].usd}`);
      assert.ok(part[1].usd < whole[1].usd);
      assert.ok(part[2].unknown.length > 0);
      const { out } = await place.run(...args);
      assert.match(out, /\nrestoring films\/old, docs\/letter \(6 entries, 2 MiB\):\ntier /);
      const nothing = await place.run("cost", "filsm");
      assert.deepEqual([nothing.code, /nothing is backed up as filsm/.test(nothing.err)], [
        2,
        true,
      ]);
    }));
}

Deno.test("with no prices nothing is called free", () =>
  withCostPlace({ init: archived, config: "" }, async (place) => {
    fill(place);
    const dry = await place.run("backup", "--dry-run");
    assert.match(dry.out, /\nprice: unknown, and unknown more a month\n$/);
    assert.equal((await place.run("backup")).code, 0);
    const { out } = await place.run("cost");
    assert.doesNotMatch(out, /\$0/);
    assert.match(out, /unknown {2}total\n/);
  }));

Deno.test("a run that stores nothing has a price all the same: its log is sent", () =>
  withCostPlace({ init: archived, config: "max_cost = 5\n" }, async (place) => {
    fill(place);
    const refused = await place.run("backup");
    assert.equal(refused.code, 6);
    Deno.removeSync(place.source, { recursive: true });
    Deno.mkdirSync(place.source);
    const idle = await place.run("backup", "--accept-deletions");
    assert.match(idle.err, /no price is known for/);
    assert.equal(idle.code, 6);
  }));

Deno.test("prune states what early deletion costs, and stops at a limit", () =>
  withCostPlace({ init: archived }, async (place) => {
    fill(place);
    assert.equal((await place.run("backup")).code, 0);
    Deno.writeFileSync(`${place.source}/films/one`, noise(3 * MB));
    const overwriting = await place.run("backup", "--dry-run");
    assert.doesNotMatch(overwriting.out, /early deletion/, "the folder store keeps versions");
    assert.equal((await place.run("backup")).code, 0);
    const snapshots = await place.run("forget", "--keep-last", "1");
    assert.equal(snapshots.code, 0, snapshots.err);
    const dry = await place.run("prune", "--dry-run");
    assert.equal(dry.code, 0, dry.err);
    // 3 MB and 32 KB of index: 0.0029602 GB × 0.0036 × 90 ÷ 30 = 0.00003197.
    assert.match(
      dry.out,
      /in GLACIER for less than 90 days: the rest of these days is charged, less than/,
    );
    assert.match(
      dry.out,
      /\n {2}early deletion from GLACIER: 0\.00888 GB-month at \$0\.0036 per GB-month/,
    );
    assert.match(dry.out, /\nprice: \$0\.0000[56]\n$/);
    const before = place.stored();
    const refused = await place.run("prune", "--yes", "--max-cost", "0.00001");
    assert.equal(refused.code, 6, refused.err);
    assert.ok(before.every((file) => place.stored().includes(file)), "nothing was deleted");
    assert.equal((await place.run("prune", "--yes", "--max-cost", "0.01")).code, 0);
    assert.ok(before.some((file) => !place.stored().includes(file)));
  }));

Deno.test("delete and prune of packs state their price, and stop at a limit", () =>
  withCostPlace({ init: packed }, async (place) => {
    fill(place);
    assert.equal((await place.run("backup")).code, 0);
    const dry = await place.run("delete", "films", "--force", "--dry-run");
    assert.equal(dry.code, 0, dry.err);
    assert.match(
      dry.out,
      /90 days of its minimum duration are still charged, \$0\.0000[56]\n/,
    );
    assert.match(dry.out, /\nprice: \$0\.000\d+\n$/);
    const before = place.stored();
    const refused = await place.run("delete", "films", "--force", "--yes", "--max-cost", "0");
    assert.equal(refused.code, 6, refused.err);
    assert.ok(before.every((file) => place.stored().includes(file)), "nothing was deleted");
    const idle = await place.run("prune", "--dry-run");
    assert.match(idle.out, /\nprice: less than \$0\.0001\n$/);
  }));

Deno.test("where no price is known, a limit stops before a repository is made", () =>
  withCostPlace({}, async ({ folder, source, runWithout }) => {
    for (const to of [`file://${folder}/other`, "s3://no-such-bucket-here/x"]) {
      // Nobody listens there: a request would end otherwise than with 6.
      const endpoint = to.startsWith("s3:") ? ["--endpoint", "http://127.0.0.1:1"] : [];
      const state = ["--state", `${folder}/other.db`];
      const options = ["--max-cost", "9", ...endpoint, ...state];
      const refused = await runWithout("backup", source, "--to", to, ...options);
      assert.equal(refused.code, 6, refused.err);
      assert.match(refused.err, /unknown, and \$9\.00 is the limit: no price is known for PUT/);
    }
    assert.throws(() => Deno.statSync(`${folder}/other`), Deno.errors.NotFound);
    assert.throws(() => Deno.statSync(`${folder}/other.db`), Deno.errors.NotFound);
  }));

Deno.test("an amount that is none is a usage error", () =>
  withCostPlace({}, async ({ run }) => {
    const { code, err } = await run("backup", "--max-cost", "much");
    assert.equal(code, 2);
    assert.match(
      err,
      /--max-cost: "much" is no amount of US dollars\nhint: write a number such as/,
    );
    const depth = await run("cost", "--depth", "x");
    assert.equal(depth.code, 2);
  }));
