import assert from "node:assert/strict";
import { HoldfastError } from "../../src/core/error.ts";
import { hex } from "../../src/core/hash.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { failsWith } from "../stores/store_probes.ts";
import type { Rules } from "../../src/ports/rules.ts";
import { gitignoreRules } from "../../src/rules/gitignore_rules.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";
import { unreadable } from "./faulty_source.ts";
import { failure, type MemoryVersion, type Operation } from "./memory_store.ts";

/** Multipart uploads that a run leaves open, and what the next run makes of them. */

const PARTS = 5;
const PART = 100;
const options = { partSize: PART, workers: 1 };

/** Every part of it is another one. */
function largeText(seed = 0): string {
  return Array.from({ length: PARTS }, (_, i) => `${seed + i}`.padEnd(PART, "abc")).join("").slice(
    1,
  );
}

/** A run whose process dies at the n-th request of a kind, before or after it has had its effect. */
async function killed(
  world: World,
  { at, nth = 1, when = "after" }: { at: Operation; nth?: number; when?: "before" | "after" },
): Promise<void> {
  const { append } = world.log;
  let dead = false;
  let count = 0;
  const die = () => {
    if (dead) throw new Error("killed");
  };
  world.store.before = (operation) => {
    dead ||= when === "before" && operation === at && ++count === nth;
    die();
  };
  world.store.after = (operation) => {
    dead ||= when === "after" && operation === at && ++count === nth;
    die();
  };
  world.log = {
    ...world.log,
    append(run, events, more) {
      die();
      return append(run, events, more);
    },
  };
  await assert.rejects(world.backup(options), /killed/);
  recover(world);
}

/** A run that ends because the answers to all requests of a kind, from the n-th on, are lost. */
async function lost(world: World, at: Operation, nth = 1): Promise<void> {
  let count = 0;
  world.store.after = (operation, key) => {
    if (operation === at && ++count >= nth) throw failure("unreachable", "Timeout", key);
  };
  await failsWith(world.backup(options), "unreachable");
  recover(world);
}

function recover(world: World): void {
  world.store.before = world.store.after = () => {};
  world.store.requests.length = 0;
  world.reopen();
}

/** The run after: it is to store the file, whole, and to leave nothing open. */
async function mustFinish(world: World, text: string, more: Parameters<World["backup"]>[0] = {}) {
  world.verify();
  const report = await world.backup({ ...options, ...more });
  assert.equal(report.exitCode, 0);
  assertClosed(world);
  assert.equal(new TextDecoder().decode(world.store.current("large")!.body), text);
  const [{ data }] = world.events("ObjectsStored").slice(-1);
  const [object] = data.folders[0].objects;
  assert.equal(object.version, world.store.current("large")!.head.versionId);
  assert.equal(object.sha256, hex(platformHashing.sha256(new TextEncoder().encode(text))));
  world.verify();
  const to = `${world.folder}/restored`;
  assert.equal((await world.restore(to)).exitCode, 0);
  assert.deepEqual(treeOf(to), treeOf(world.source));
}

function assertClosed(world: World): void {
  assert.equal(world.store.uploads.size, 0);
  assert.deepEqual(world.log.index.uploads(), []);
}

for (let sent = 0; sent <= PARTS; sent++) {
  Deno.test(`an upload killed after ${sent} of ${PARTS} parts goes on with the next one`, () =>
    inWorld(async (world) => {
      world.write("large", largeText());
      const when = sent === 0 ? "before" : "after";
      await killed(world, { at: "uploadPart", nth: Math.max(1, sent), when });
      assert.equal(world.store.uploads.size, 1);
      assert.equal(world.log.index.uploads().length, 1);
      await mustFinish(world, largeText());
      assert.equal(world.store.count("uploadPart"), PARTS - sent);
      assert.equal(world.store.count("createUpload"), 0);
      const [{ data }] = world.events("UploadResumed");
      assert.equal(data.parts, sent);
      assert.equal(data.bytes, `${Math.min(sent * PART, largeText().length)}`);
      assert.equal(world.events("UploadAborted").length, 0);
    }));
}

Deno.test("an upload that is cut again and again goes on each time", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    for (let i = 0; i < PARTS; i++) await killed(world, { at: "uploadPart" });
    await mustFinish(world, largeText());
    assert.equal(world.store.count("uploadPart"), 0);
    assert.equal(world.events("UploadStarted").length, 1);
    assert.equal(world.events("UploadResumed").length, PARTS);
  }));

Deno.test("an upload whose creation is lost begins anew, and the lost one is aborted", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await lost(world, "createUpload");
    assert.equal(world.store.uploads.size, 1);
    await mustFinish(world, largeText());
    assert.equal(world.store.count("uploadPart"), PARTS);
    assert.equal(world.events("UploadAborted").length, 1);
    assert.equal(world.events("UploadResumed").length, 0);
  }));

Deno.test("an upload that was begun twice, because the first answer was lost, leaves none open", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    world.store.after = async (operation, key) => {
      // As the store's adapter repeats a request that was not answered.
      if (operation !== "createUpload" || world.store.count("createUpload") > 1) return;
      await world.store.createUpload(key, {});
    };
    await mustFinish(world, largeText());
    assert.equal(world.store.count("createUpload"), 2);
    assert.equal(world.events("UploadAborted").length, 1);
  }));

for (const kind of ["denied", "refused"] as const) {
  const says = kind === "denied" ? "goes on without a word" : "says so, and is no failure";
  Deno.test(`a run whose listing of uploads is ${kind} ${says}`, () =>
    inWorld(async (world) => {
      world.write("large", largeText());
      world.store.before = (operation, key) => {
        if (operation === "listUploads") throw failure(kind, "AccessDenied", key);
      };
      await mustFinish(world, largeText());
      const notices = world.signals.filter((signal) => signal.kind === "notice");
      const isTold = /cannot look for open uploads/.test(JSON.stringify(notices));
      assert.equal(isTold, kind === "refused");
    }));
}

Deno.test("a part whose answer is lost is not sent again", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await lost(world, "uploadPart", 3);
    assert.equal(world.store.uploads.size, 1);
    await mustFinish(world, largeText());
    assert.equal(world.store.count("uploadPart"), PARTS - 3);
  }));

Deno.test("an upload whose completion is lost is found complete: no byte is sent again", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await lost(world, "completeUpload");
    assert.equal(world.store.uploads.size, 0);
    assert.equal(world.log.index.uploads().length, 1);
    await mustFinish(world, largeText());
    const sent = ["uploadPart", "put", "createUpload", "completeUpload"] as const;
    assert.deepEqual(sent.map(world.store.count), [0, 0, 0, 0]);
    assert.equal(world.store.objects.get("large")!.length, 1);
    assert.equal(world.events("UploadAborted").length, 0);
    assert.equal((await world.backup(options)).stored.objects, 0);
  }));

for (const what of ["content", "log", "position", "nothing"] as const) {
  Deno.test(`an upload that is gone, where the object is of another ${what}, begins anew`, () =>
    inWorld(async (world) => {
      world.write("large", largeText());
      await lost(world, "completeUpload");
      const [version] = world.store.objects.get("large")!;
      if (what === "nothing") world.store.objects.delete("large");
      else world.store.objects.set("large", [other(version, what)]);
      await mustFinish(world, largeText());
      assert.equal(world.store.count("uploadPart"), PARTS);
      assert.equal(world.events("UploadAborted").length, 1);
    }));
}

function other(
  { body, head }: MemoryVersion,
  what: "content" | "log" | "position",
) {
  if (what === "content") {
    return { body: body.subarray(1), head: { ...head, size: body.length - 1 } };
  }
  const header = JSON.parse(
    new TextDecoder().decode(
      Uint8Array.fromBase64(head.metadata.holdfast, { alphabet: "base64url" }),
    ),
  );
  const changed = { ...header, [what]: what === "log" ? "44".repeat(16) : header.position + 1 };
  const holdfast = new TextEncoder().encode(JSON.stringify(changed)).toBase64({
    alphabet: "base64url",
  });
  return { body, head: { ...head, metadata: { holdfast } } };
}

Deno.test("a completed object of a file that was too young to be trusted is not believed", () =>
  inWorld(async (world) => {
    world.clock.time = BigInt(Date.now()) * 1_000_000n;
    world.write("large", largeText());
    await lost(world, "completeUpload");
    await mustFinish(world, largeText());
    assert.equal(world.store.count("uploadPart"), PARTS);
  }));

Deno.test("a file that changed meanwhile starts anew, and the old upload is aborted", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await killed(world, { at: "uploadPart", nth: 3 });
    world.write("large", largeText(3));
    await mustFinish(world, largeText(3));
    assert.equal(world.store.count("uploadPart"), PARTS);
    const [{ data }] = world.events("UploadAborted");
    assert.equal(data.reason, "the file has changed since");
  }));

Deno.test("a file that changed and is small now is one PUT, and the old upload is aborted", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await killed(world, { at: "uploadPart", nth: 3 });
    world.write("large", "small");
    await mustFinish(world, "small");
    assert.equal(world.events("UploadAborted").length, 1);
  }));

Deno.test("a file that changes while its upload goes on starts anew", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await killed(world, { at: "uploadPart", nth: 3 });
    world.store.after = (operation) => {
      if (operation === "listParts") world.write("large", largeText(7));
    };
    await mustFinish(world, largeText(7));
    const [{ data }] = world.events("UploadAborted");
    assert.equal(data.reason, "the file changed while it was read");
  }));

for (const gone of ["removed", "a folder", "excluded"] as const) {
  Deno.test(`the upload of a file that is ${gone} in the next run is aborted by it`, () =>
    inWorld(async (world) => {
      world.write("large", largeText());
      world.write("other", "other");
      await killed(world, { at: "uploadPart", nth: 3 });
      if (gone !== "excluded") Deno.removeSync(`${world.source}/large`);
      if (gone === "a folder") world.write("large/file", "file");
      const scan = gone === "excluded"
        ? { rules: excluding("large"), acceptDeletions: true }
        : { acceptDeletions: true };
      assert.equal((await world.backup({ ...options, scan })).exitCode, 0);
      assertClosed(world);
      assert.equal(world.events("UploadAborted").length, 1);
      assert.equal(world.store.current("large"), undefined);
      world.verify();
    }));
}

function excluding(name: string): Rules {
  return gitignoreRules({ exclude: [name], include: [], ignoreFile: ".holdfastignore" });
}

for (const partSize of [60, 130, 1 << 20]) {
  Deno.test(`an upload goes on with its own part size where part_size is ${partSize} now`, () =>
    inWorld(async (world) => {
      world.write("large", largeText());
      await killed(world, { at: "uploadPart", nth: 3 });
      await mustFinish(world, largeText(), { partSize });
      assert.equal(world.store.count("uploadPart"), PARTS - 3);
      assert.equal(world.store.count("put"), 0);
    }));
}

Deno.test("an upload into another class than the config asks for now starts anew", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await killed(world, { at: "uploadPart", nth: 3 });
    await mustFinish(world, largeText(), { storageClass: "GLACIER_IR" });
    assert.equal(world.store.count("uploadPart"), PARTS);
    assert.equal(world.store.current("large")!.head.storageClass, "GLACIER_IR");
  }));

Deno.test("an upload into a class other than STANDARD goes on, and is recorded in it", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    const { backup } = world;
    world.backup = (more) => backup({ ...more, storageClass: "GLACIER_IR" });
    await killed(world, { at: "uploadPart", nth: 3 });
    await mustFinish(world, largeText());
    assert.equal(world.store.count("uploadPart"), PARTS - 3);
    assert.equal(world.events("ObjectsStored").at(-1)!.data.class, "GLACIER_IR");
  }));

for (
  const [what, etags, sent] of [
    ["an ETag that is its MD5 is not sent again", "md5", PARTS - 3],
    ["neither checksum nor such an ETag is sent again", "own", PARTS],
  ] as const
) {
  Deno.test(`a part that the store lists with ${what}`, () =>
    inWorld(async (world) => {
      world.write("large", largeText());
      await killed(world, { at: "uploadPart", nth: 3 });
      const { listParts } = world.store;
      world.store.listParts = async (key, id) => {
        const bodies = world.store.uploads.get(id)!.parts;
        return (await listParts(key, id))!.map(({ part, etag, size }) => ({
          ...{ part, size },
          etag: etags === "md5" ? hex(platformHashing.md5(bodies.get(part)!)) : etag,
        }));
      };
      await mustFinish(world, largeText());
      assert.equal(world.store.count("uploadPart"), sent);
    }));
}

Deno.test("a part that is not in the store as it is on the disk is sent again", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await killed(world, { at: "uploadPart", nth: 3 });
    const [{ parts }] = world.store.uploads.values();
    parts.get(1)![7] ^= 1;
    parts.set(2, parts.get(2)!.subarray(1));
    parts.delete(3);
    await mustFinish(world, largeText());
    assert.equal(world.store.count("uploadPart"), PARTS);
    assert.equal(world.events("UploadResumed").length, 1);
  }));

Deno.test("the upload of an entry whose own key is too long goes on under the key that it has", () =>
  inWorld(async (world) => {
    const path = `${"d".repeat(200)}/${"f".repeat(200)}`;
    world.write(path, largeText());
    await killed(world, { at: "uploadPart", nth: 3 });
    const [{ key }] = world.log.index.uploads();
    assert.match(key, /^\.holdfast\/content\//);
    assert.equal((await world.backup(options)).exitCode, 0);
    assertClosed(world);
    assert.equal(world.store.count("uploadPart"), PARTS - 3);
    const to = `${world.folder}/restored`;
    assert.equal((await world.restore(to)).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    world.verify();
  }, { limits: { maxKeyBytes: 300 } }));

Deno.test("a run that is interrupted leaves its upload open for the next one", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    const controller = new AbortController();
    world.store.after = () => {
      if (world.store.count("uploadPart") < 3) return;
      controller.abort(new HoldfastError("interrupted", "interrupted"));
    };
    await failsWith(world.backup({ ...options, signal: controller.signal }), "interrupted");
    assert.equal(world.store.count("abortUpload"), 0);
    recover(world);
    await mustFinish(world, largeText());
    assert.equal(world.store.count("uploadPart"), PARTS - 3);
  }));

for (const kind of ["refused", "damage"] as const) {
  Deno.test(`an upload that ends with "${kind}" is aborted by the same run`, () =>
    inWorld(async (world) => {
      world.write("large", largeText());
      world.store.before = (operation, key) => {
        if (operation === "completeUpload") throw failure(kind, "InvalidPart", key);
      };
      if (kind === "damage") await failsWith(world.backup(options), kind);
      else assert.equal((await world.backup(options)).exitCode, 3);
      assertClosed(world);
      world.verify();
      recover(world);
      await mustFinish(world, largeText());
    }));
}

Deno.test("a large file that cannot be read to its end leaves no upload open", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    let reads = 0;
    const read = () => {
      if (++reads > 2) throw unreadable("large");
    };
    assert.equal((await world.backup({ ...options, scan: { faults: { read } } })).exitCode, 3);
    assertClosed(world);
    world.verify();
  }));

Deno.test("an upload that was completed and recorded is no matter of the next run", () =>
  inWorld(async (world) => {
    world.write("large", largeText());
    await world.backup(options);
    recover(world);
    const report = await world.backup(options);
    assert.equal(report.stored.objects, 0);
    const asked = ["listUploads", "listParts", "head", "createUpload"] as const;
    assert.deepEqual(asked.map(world.store.count), [0, 0, 0, 0]);
    assert.deepEqual(mirrorKeys(world.store), ["large"]);
  }));
