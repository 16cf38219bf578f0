/** Segments that the store keeps back: the rest comes from what is said of content. */
import assert from "node:assert/strict";
import { HoldfastError } from "../../src/core/error.ts";
import type { Layout } from "../../src/core/event/event.ts";
import { failsWith } from "../stores/store_probes.ts";
import { packOptions } from "./pack_world.ts";
import { contentDigest, inSignedWorld, type SignedWorld } from "./signed_world.ts";

const LAYOUTS = ["mirror", "pack"] as const satisfies Layout[];

async function fill(world: SignedWorld): Promise<string> {
  const more = world.layout === "pack" ? { packs: await packOptions(world) } : {};
  for (let i = 0; i < 4; i++) {
    world.write(`f${i}/a`, `of ${i}`);
    if (i === 2) Deno.renameSync(`${world.source}/f0`, `${world.source}/moved`);
    if (i === 3) Deno.chmodSync(`${world.source}/f1/a`, 0o600);
    await world.run({ ...more, scan: { acceptDeletions: true } });
  }
  return contentDigest(world.log);
}

const segmentsOf = ({ store }: SignedWorld) =>
  [...store.objects.keys()].filter((key) => key.startsWith(".holdfast/log/")).sort();

/** Where a GET of the key gets this answer. */
function withhold({ store }: SignedWorld, wanted: string, error: HoldfastError): void {
  store.before = (operation, key) => {
    if (operation === "get" && key === wanted) throw error;
  };
}

const archived = new HoldfastError("refused", "it is archived", {
  context: { code: "InvalidObjectState" },
});
const ANSWERS = {
  "archived": archived,
  "gone": new HoldfastError("gone", "it is not there"),
  "denied, and no other one is,": new HoldfastError("denied", "you may not read it"),
};

for (const layout of LAYOUTS) {
  for (const [what, error] of Object.entries(ANSWERS)) {
    Deno.test(`with a segment that is ${what} the rest comes back (${layout})`, () =>
      inSignedWorld(layout, async (world) => {
        const before = await fill(world);
        const segments = segmentsOf(world);
        const at = Math.floor(segments.length / 2);
        withhold(world, segments[at], error);
        await world.rebuild({
          use({ log, way, origins, missing, unknown }) {
            assert.equal(contentDigest(log), before);
            assert.equal(way, "mixed");
            assert.equal(origins.segments.objects, at);
            assert.ok((origins.metadata ?? origins.packIndexes)!.entries > 0);
            assert.ok(origins.renames!.entries > 0);
            const unused = segments.length - at;
            assert.ok(missing[0].endsWith(`not in the index, ${unused} segments are not used`));
            assert.ok(missing[0].includes(error.message));
            assert.deepEqual(unknown, []);
            const [event] = [...log.events({ type: "IndexRebuilt" })];
            assert.deepEqual(event.data, {
              ...{ way, segments: at, missing, unknown, origins },
              objects: (origins.metadata ?? origins.packIndexes)!.objects,
              records: origins.renames!.records,
            });
          },
        });
      }));
  }
}

Deno.test("where no segment may be read it is the credentials that are wrong: nothing is made", () =>
  inSignedWorld("mirror", async (world) => {
    await fill(world);
    withhold(world, segmentsOf(world)[0], ANSWERS["denied, and no other one is,"]);
    await failsWith(world.rebuild({}), "denied");
  }));

Deno.test("a bit flipped in a segment is found, and what is behind it comes from elsewhere", () =>
  inSignedWorld("mirror", async (world) => {
    const before = await fill(world);
    const key = segmentsOf(world)[3];
    const { body, head } = world.store.current(key)!;
    const flipped = body.slice();
    flipped[flipped.length >> 1] ^= 4;
    world.store.objects.set(key, [{ body: flipped, head }]);
    await world.rebuild({
      use({ log, way, missing }) {
        assert.equal(contentDigest(log), before);
        assert.equal(way, "mixed");
        assert.match(missing[0], /is damaged: its body is not what was written/);
      },
    });
  }));
