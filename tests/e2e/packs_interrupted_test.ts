/** A backup into packs that is killed while a pack is on its way, and what the next process makes of it. */
import assert from "node:assert/strict";
import { hasCommand, shell } from "../sources/tree_tools.ts";
import type { S3Server } from "../servers/s3_server.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, type Gateway, withGateway } from "./each_store.ts";
import { startHeldServer } from "./held_server.ts";
import { endOf, eventsOf, mustEnd, startHoldfast } from "./holdfast.ts";
import { namesByIndex, namesByTar, packJob, withKeyedPlace } from "./pack_job.ts";
import { s3Job, settle } from "./place.ts";
import { accessLog, listParts, listUploads } from "./store_look.ts";

type HeldServer = ReturnType<typeof startHeldServer>;

interface Interruption {
  readonly name: string;
  /** Resolves when the process is to be killed. */
  readonly reached: (held: HeldServer, server: S3Server, bucket: string) => Promise<void>;
  /** Packs there are in the end, and parts that the second process may send of the first one. */
  readonly packs: number;
  readonly sent: number;
}

const PART = /^PUT \S*\/packs\/\S*\?\S*partNumber=/;
const held = (part: number) => new RegExp(`${PART.source}${part}[& ]`);

async function untilParts(server: S3Server, bucket: string, count: number): Promise<void> {
  while ((await listParts(server, bucket)).length < count) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const interruptions: readonly Interruption[] = [
  {
    name: "before its upload is created",
    reached: (held) => held.holdAt(/^POST \S*\/packs\/\S*\?uploads/),
    ...{ packs: 1, sent: 0 },
  },
  {
    name: "when the answer to its creation is lost",
    reached: (held) => held.holdAnswerTo(/^POST \S*\/packs\/\S*\?uploads/),
    ...{ packs: 1, sent: 0 },
  },
  { name: "before its first part", reached: (at) => at.holdAt(held(1)), packs: 1, sent: 0 },
  ...[2, 3, 5].map((part): Interruption => ({
    name: `at part ${part}`,
    async reached(at, server, bucket) {
      await at.holdAt(held(part));
      await untilParts(server, bucket, part - 1);
    },
    ...{ packs: 2, sent: 1 },
  })),
  {
    name: "when the answer to its completion is lost",
    reached: (at) => at.holdAnswerTo(/^POST \S*\/packs\/\S*\?uploadId/),
    ...{ packs: 1, sent: 0 },
  },
  {
    name: "before its index is written",
    reached: (at) => at.holdAt(/^PUT \S*\/\.holdfast\/index\//),
    ...{ packs: 1, sent: 0 },
  },
];

for (const interruption of interruptions) {
  const name =
    `a pack that a kill cuts off ${interruption.name} is closed, and nothing is sent again`;
  Deno.test(name, () =>
    withGateway((server) =>
      withKeyedPlace(async (keyed) => {
        if (!canCompare(name) || !["age", "zstd"].every((tool) => hasCommand(name, tool))) return;
        await interrupt(server, keyed, interruption);
      })
    ));
}

async function interrupt(
  server: Gateway,
  keyed: Parameters<Parameters<typeof withKeyedPlace>[0]>[0],
  { reached, packs, sent }: Interruption,
): Promise<void> {
  const { folder } = keyed.place;
  const src = `${folder}/src`;
  shell(src, "mkdir f; for i in $(seq 40); do head -c 900000 /dev/urandom > f/$i; done");
  shell(src, "head -c 20000000 /dev/urandom > image; cp f/1 same");
  await settle();
  const bucket = await freshBucket(server);
  const between = startHeldServer(server.endpoint);
  try {
    const through = { ...server, endpoint: between.endpoint };
    const place = await packJob(keyed, (at, options) => s3Job(at, through, bucket, options), {
      config: ['part_size = "5 MiB"', "upload_workers = 1"],
    });
    const waiting = reached(between, server, bucket);
    const child = await startHoldfast(place, ["backup"]);
    await waiting;
    child.kill("SIGKILL");
    await endOf(child);
    between.drop();
    // Meanwhile something has changed.
    shell(src, "echo new > new; rm f/40");
    await settle();
    const requests = accessLog(server.folder);
    await requests();
    await mustEnd(0, place, ["backup"]);
    const again = (await requests()).filter(({ operation }) => operation === "UploadPart");
    assert.deepEqual(await listUploads(server, bucket), []);
    const stored = await eventsOf(place, "PackStored");
    const first = (await eventsOf(place, "PackStarted"))[0].data.key as string;
    assert.ok(again.filter(({ line }) => line.includes(first)).length <= sent);
    assert.ok(stored.length >= packs, `${stored.length} packs`);
    for (const { data } of stored) {
      const at = (key: string) => `${server.folder}/data/${bucket}/${key}`;
      const index = `.holdfast/index/${data.pack.slice(0, 2)}/${data.pack}.idx.zst.age`;
      const names = namesByTar(folder, keyed.identity, at(data.key));
      assert.deepEqual(namesByIndex(folder, keyed.identity, at(index)), names);
    }
    await mustEnd(0, place, ["log", "verify"]);
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    assertSameTree(src, `${folder}/out`);
  } finally {
    await between.stop();
  }
}
