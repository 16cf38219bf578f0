/** A rebuild that was cut off while it asked the objects what they are, and the next one. */
import assert from "node:assert/strict";
import type { RebuildReport } from "../../src/app/rebuild_log.ts";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import { encodeMetadata } from "../../src/core/mirror/object_metadata.ts";
import { bytesOfText } from "../../src/core/path_text.ts";
import { unpackStat } from "../../src/core/stat_record.ts";
import { failsWith } from "../stores/store_probes.ts";
import { contentDigest, inSignedWorld, type SignedWorld } from "./signed_world.ts";
import { metadataOf } from "./sealed_world.ts";

const FILES = 300;
const CUT = 180;

/** A mirror without its log; each object is a minute younger than the one before. */
function withoutLog(
  work: (world: SignedWorld, survey: string) => Promise<void>,
  step = 60_000,
): Promise<void> {
  let time = 0;
  return inSignedWorld("mirror", async (world) => {
    for (let i = 0; i < FILES; i++) world.write(`f${String(i).padStart(3, "0")}`, `of ${i}`);
    await world.run();
    for (const key of [...world.store.objects.keys()]) {
      if (key.startsWith(".holdfast/log/")) world.store.objects.delete(key);
    }
    await work(world, `${world.folder}/survey`);
  }, { now: () => time += step });
}

/** Keys of the HEADs since the last time. */
function heads({ store }: SignedWorld): string[] {
  const keys = store.requests.flatMap(({ operation, key }) => operation === "head" ? [key] : []);
  store.requests.length = 0;
  return keys;
}

async function cutOff(world: SignedWorld, survey: string): Promise<number> {
  heads(world);
  let count = 0;
  world.store.before = (operation) => {
    if (operation === "head" && ++count > CUT) throw new HoldfastError("unreachable", "cut off");
  };
  await failsWith(world.rebuild({ survey }), "unreachable");
  world.store.before = () => {};
  return heads(world).length;
}

Deno.test("a rebuild that was cut off asks no object twice that is still as it was", () =>
  withoutLog(async (world, survey) => {
    const before = contentDigest(world.log);
    assert.ok(await cutOff(world, survey) >= CUT);
    await world.rebuild({
      survey,
      use: ({ log, origins }) => {
        assert.equal(contentDigest(log), before);
        assert.equal(origins.metadata?.objects, FILES);
      },
    });
    const again = heads(world);
    assert.equal(again.length, FILES - CUT);
    // One that is not cut off asks for all.
    await world.rebuild({});
    assert.equal(heads(world).length, FILES);
  }));

Deno.test("what was put again or deleted meanwhile is asked for again, with an equal body too", () =>
  withoutLog(async (world, survey) => {
    await cutOff(world, survey);
    const { store } = world;
    const { body, head } = store.current("f001")!;
    const metadata = { ...metadataOf(world, "f001")!, mode: 0o640 };
    await store.put("f001", body, { metadata: { holdfast: encodeMetadata(metadata)! } });
    assert.equal(store.current("f001")!.head.etag, head.etag);
    store.objects.delete("f002");
    store.objects.delete(`f${FILES - 1}`);
    heads(world);
    await world.rebuild({
      survey,
      use({ log: { index } }) {
        const root = index.paths.find("", "")!.id;
        const find = (name: string) => index.tables.findEntry(root, bytesOfText(name));
        assert.equal(unpackStat(find("f001")!.stat).mode, 0o640);
        assert.equal(find("f002"), undefined);
      },
    });
    const again = heads(world);
    assert.ok(again.includes("f001"));
    assert.equal(again.length, FILES - CUT);
  }));

Deno.test("what the store got at about the same time as its newest object is asked for again", () =>
  withoutLog(async (world, survey) => {
    await cutOff(world, survey);
    await world.rebuild({ survey });
    assert.equal(heads(world).length, FILES);
  }, 1));

Deno.test("what is known of another repository, or is damaged, is let go", () =>
  withoutLog(async (world, survey) => {
    await cutOff(world, survey);
    const elsewhere = { ...world.store, url: "s3://another/prefix" };
    await world.rebuild({ survey, store: elsewhere });
    assert.equal(heads(world).length, FILES);
    Deno.writeTextFileSync(survey, "no database");
    await world.rebuild({ survey });
    assert.equal(heads(world).length, FILES);
  }));

Deno.test("a LIST in another order than that of bytes loses nothing", () =>
  withoutLog(async (world, survey) => {
    const { store } = world;
    const before = contentDigest(world.log);
    const reversed = {
      ...store,
      async *list(prefix: string) {
        const all = [];
        for await (const page of store.list(prefix)) all.push(...page);
        for (all.reverse(); all.length > 0;) {
          yield all.splice(0, 100);
          await new Promise((go) => setTimeout(go, 0));
        }
      },
    };
    heads(world);
    const use = ({ log }: RebuildReport) => assert.equal(contentDigest(log), before);
    await world.rebuild({ survey, store: reversed, use });
    assert.equal(heads(world).length, FILES);
  }));

Deno.test("a HEAD that is refused stops the rebuild, and the LIST with it", () =>
  withoutLog(async (world, survey) => {
    world.store.before = (operation) => {
      if (operation === "head") throw new HoldfastError("denied", "no");
    };
    await assert.rejects(world.rebuild({ survey }), (error) => isKind(error, "denied"));
    world.store.before = () => {};
    const { store } = world;
    const failing = {
      ...store,
      async *list(prefix: string) {
        for await (const page of store.list(prefix)) yield page.slice(0, 200);
        if (prefix === "") throw new HoldfastError("unreachable", "the LIST is cut off");
      },
    };
    await failsWith(world.rebuild({ survey, store: failing }), "unreachable");
  }));
