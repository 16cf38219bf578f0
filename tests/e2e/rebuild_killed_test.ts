/** A rebuild from the objects alone, killed in the middle and begun again. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { startHeldServer } from "./held_server.ts";
import { endOf, holdfastJson, mustEnd, startHoldfast, totalsOf } from "./holdfast.ts";
import { s3Job, settle, withPlace } from "./place.ts";

const FILES = 400;
/** HEADs go on while one is held: of those before it most are answered. */
const HELD = 350;

Deno.test("a rebuild that is killed among its HEADs asks no object again that it knows", () =>
  withGateway(async (server) => {
    const held = startHeldServer(server.endpoint);
    try {
      await withPlace(async (empty) => {
        const bucket = await freshBucket(server);
        for (let i = 100; i < 100 + FILES; i++) {
          Deno.writeTextFileSync(`${empty.folder}/src/f${i}`, `of ${i}`);
        }
        await settle();
        const place = await s3Job(empty, { ...server, endpoint: held.endpoint }, bucket);
        await mustEnd(0, place, ["backup"]);
        const listed = await mustEnd(0, place, ["ls", "-r", "-l"]);
        const data = `${server.folder}/data/${bucket}`;
        shell(place.folder, `rm -r state/job.db* ${data}/.holdfast/log`);
        // They are older than what was put last.
        shell(data, "touch -d '1 hour ago' f*");
        const heads = (from: number) =>
          new Set(held.requests.slice(from).filter((line) => /^HEAD \S*\/f\d/.test(line))).size;

        const first = held.requests.length;
        const reached = held.holdAt(new RegExp(`^HEAD \\S*/f${HELD + 100}`));
        const child = await startHoldfast(place, ["rebuild"]);
        await reached;
        await held.quiet();
        child.kill("SIGKILL");
        await endOf(child);
        held.release();
        const asked = heads(first);
        assert.ok(asked > HELD - 64 && asked <= FILES, `${asked}`);
        await mustEnd(10, place, ["backup"]);

        const second = held.requests.length;
        const { code, records, said } = await holdfastJson(place, ["rebuild"]);
        assert.equal(code, 5, said);
        const { origins, missing, unknown, way } = totalsOf(records);
        assert.equal(way, "metadata");
        assert.deepEqual(origins.metadata, { objects: FILES, entries: FILES });
        assert.deepEqual(origins.segments, { objects: 0, events: 0 });
        // What is written down goes by the hundred.
        const again = heads(second);
        assert.ok(again >= FILES - asked && again <= FILES - asked + 164, `${asked}, ${again}`);
        assert.ok(missing.some((text: string) => text.startsWith("the snapshot ")));
        assert.deepEqual(unknown, []);
        assert.equal((await mustEnd(0, place, ["ls", "-r", "-l"])).stdout, listed.stdout);
        const beside = [...Deno.readDirSync(`${place.folder}/state`)].map(({ name }) => name);
        assert.deepEqual(beside.filter((name) => name.includes(".new")), []);
      });
    } finally {
      await held.stop();
    }
  }));
