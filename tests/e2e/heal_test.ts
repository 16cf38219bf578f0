/** `heal`, and what `check --archived` and `restore --via` say where there is no AWS. */
import assert from "node:assert/strict";
import { onLinux } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { holdfast, holdfastJson, mustEnd, totalsOf } from "./holdfast.ts";
import { initJob, makeSmallTree, settle, withPlace } from "./place.ts";

Deno.test("what is lost of a folder store is healed from the source, and checks clean again", () =>
  withPlace(async (place) => {
    if (!onLinux || !canCompare("heal")) return;
    const { folder } = place;
    makeSmallTree(`${folder}/src`);
    await initJob(place, [`file://${folder}/store`]);
    await settle();
    await mustEnd(0, place, ["backup"]);
    assert.match((await mustEnd(0, place, ["heal"])).stdout, /^nothing is marked/m);
    const object = `${folder}/store/docs/one.txt`;
    const text = Deno.readTextFileSync(object);
    Deno.chmodSync(object, 0o644);
    Deno.writeTextFileSync(object, `X${text.slice(1)}`);
    await mustEnd(5, place, ["check", "--read-data"]);
    const planned = await holdfastJson(place, ["heal", "--dry-run"]);
    assert.deepEqual([planned.code, totalsOf(planned.records).healed], [0, 1]);
    assert.deepEqual(
      planned.records.filter(({ record }) => record === "price").map(({ of }) => of),
      ["plan", "month"],
    );
    const shown = await mustEnd(0, place, ["heal", "--dry-run"]);
    assert.match(shown.stdout, /\nprice: unknown, and unknown more a month\n$/);
    const refused = await mustEnd(6, place, ["heal", "--max-cost", "5"]);
    assert.match(refused.said, /no price is known for .*PUT requests to STANDARD/);
    assert.match(Deno.readTextFileSync(object), /^X/, "nothing was stored");
    const healed = await holdfastJson(place, ["heal"]);
    const { lost, healed: count, left } = totalsOf(healed.records);
    assert.deepEqual([healed.code, lost, count, left], [0, 1, 1, 0]);
    assert.equal(Deno.readTextFileSync(object), text);
    await mustEnd(0, place, ["check", "--read-data", "--snapshots"]);
    await mustEnd(0, place, ["restore", "--to", `${folder}/back`]);
    assertSameTree(`${folder}/src`, `${folder}/back`);
    assert.match((await mustEnd(0, place, ["log", "--type", "ObjectHealed"])).stdout, /one\.txt/);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("a report that was fetched by hand is read, whatever the store", () =>
  withPlace(async (place) => {
    const { folder } = place;
    Deno.writeTextFileSync(`${folder}/src/a b`, "content");
    await initJob(place, [`file://${folder}/store`]);
    await settle();
    await mustEnd(0, place, ["backup"]);
    const { records } = await holdfastJson(place, ["log", "--type", "ObjectsStored"]);
    const version = records.find(({ data }) =>
      data !== undefined
    )!.data.folders[0].objects[0].version;
    const row = (sum: string) =>
      `b,a%20b,${version ?? ""},succeeded,200,,"{""checksumAlgorithm"":""SHA256"",` +
      `""checksumType"":""FULL_OBJECT"",""checksum_hex"":""${sum}""}"\n`;
    const good = "ED7002B439E9AC845F22357D822BAC1444730FBDB6016D3EC9432297B9EC9F73";
    Deno.mkdirSync(`${folder}/report/results`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/report/results/1.csv`, row(good));
    const Results = [{
      Bucket: "b",
      Key: "p/job-1/results/1.csv",
      TaskExecutionStatus: "succeeded",
    }];
    const list = JSON.stringify({ Format: "Report_CSV_20180820", Results });
    Deno.writeTextFileSync(`${folder}/report/manifest.json`, list);
    const args = ["check", "--report"];
    const checked = await holdfastJson(place, [...args, `${folder}/report/manifest.json`]);
    assert.deepEqual([checked.code, totalsOf(checked.records).compared], [0, 1], checked.said);
    Deno.writeTextFileSync(`${folder}/bad.csv`, row("00".repeat(32)));
    const bad = await mustEnd(5, place, [...args, `${folder}/bad.csv`]);
    assert.match(bad.said, /a b: damaged: a b: its SHA256 is 0000/);
    await mustEnd(5, place, [...args, `${folder}/src/a b`]);
    await mustEnd(2, place, [...args, `${folder}/nothing`]);
    await mustEnd(0, place, ["heal"]);
    await mustEnd(0, place, ["check", "--read-data"]);
  }));

Deno.test("without AWS Batch Operations are refused before anything is written", () =>
  withPlace(async (place) => {
    const { folder } = place;
    Deno.writeTextFileSync(`${folder}/src/a`, "content");
    await initJob(place, [`file://${folder}/store?warm_up=1h`], {
      init: ["--storage-class", "DEEP_ARCHIVE"],
    });
    await settle();
    await mustEnd(0, place, ["backup"]);
    const position = async () =>
      (await holdfastJson(place, ["status"])).records
        .find(({ record }) => record === "status")!.position;
    const before = await position();
    for (
      const args of [["check", "--archived"], [
        "restore",
        "--to",
        "/x",
        "--via",
        "batch-operations",
      ]]
    ) {
      const ended = await holdfast(place, args);
      assert.equal(ended.code, 2, ended.said);
      assert.match(ended.said, /S3 Batch Operations is AWS's: .* is not in S3/);
    }
    assert.equal(await position(), before);
  }));
