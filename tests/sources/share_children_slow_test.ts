/** Children that die, hang or err while a share is read. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import type { Samba } from "../../scripts/samba_server.ts";
import { isKind } from "../../src/core/error.ts";
import { recordAt } from "../../src/core/scan/listing.ts";
import { parseSmbUrl } from "../../src/core/smb_url.ts";
import type { SourceRoot } from "../../src/ports/source.ts";
import { childPool, type SmbPool } from "../../src/smb/child_pool.ts";
import { listFolder, statOf } from "../../src/smb/share_calls.ts";
import { openShareSource } from "../../src/sources/smb/share_source.ts";
import { sambaFor } from "../servers/samba.ts";
import { childProcesses, loginOf, testChild, withSamba } from "../smb/share_fixture.ts";
import { withFolder } from "./tree_tools.ts";

/** With a watchdog that waits so many ms. */
async function withRoot(
  samba: Samba,
  watchdog: number,
  use: (root: SourceRoot) => Promise<void>,
): Promise<void> {
  const root = await openShareSource({
    ...{ place: parseSmbUrl(samba.url), command: testChild, connections: 3, watchdog },
    login: () => Promise.resolve(loginOf(samba)),
    signal: new AbortController().signal,
  }).open();
  try {
    await use(root);
  } finally {
    await root.close();
  }
}

function signalChildren(signal: Deno.Signal): number {
  const children = childProcesses();
  for (const pid of children) Deno.kill(pid, signal);
  return children.length;
}

const CONTENT = new Uint8Array(40 * 1024 * 1024 + 13).map((_, i) => i * 31 >> 5);

async function readAll(root: SourceRoot): Promise<void> {
  const record = recordAt(await root.folder.list(), 0);
  const file = await root.openFile("large", { record });
  const into = new Uint8Array(CONTENT.length);
  assert.equal(await file.read(into), CONTENT.length);
  assert.ok(Buffer.from(into).equals(CONTENT));
  assert.deepEqual(await file.stat(), record);
  file.close();
}

function test(name: string, watchdog: number, use: (root: SourceRoot) => Promise<void>): void {
  Deno.test(name, async () =>
    await withSamba(await sambaFor(name), async (samba) => {
      Deno.writeFileSync(`${samba.data}/large`, CONTENT);
      await withRoot(samba, watchdog, use);
    }));
}

test(
  "a child that is stopped is ended by the watchdog, and another one reads",
  6000,
  async (root) => {
    assert.ok(signalChildren("SIGSTOP") > 0);
    await readAll(root);
  },
);

test("children that are killed while they read leave nothing out", 60_000, async (root) => {
  let killed = 0;
  const reading = readAll(root);
  for (let i = 0; i < 20; i++) {
    killed += signalChildren("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  await reading;
  assert.ok(killed > 0);
});

/** A pool of children of which the first `lost` err, and how many were started. */
async function withErring(
  lost: number,
  use: (pool: SmbPool, started: () => number) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const script = fileURLToPath(new URL("doubtful_child.ts", import.meta.url));
    const args = ["run", "-A", "--no-check", script, `${folder}/started`, `${lost}`];
    const pool = childPool({
      ...{ command: { program: Deno.execPath(), args }, connections: 1 },
      ...{ watchdog: 60_000, patience: 60_000, signal: new AbortController().signal },
      login: loginOf({ host: "", port: 1, user: "", password: "" } as Samba),
    });
    try {
      await use(pool, () => Deno.readTextFileSync(`${folder}/started`).length / 2);
    } finally {
      await pool.close();
    }
  });
}

function lookBy(pool: SmbPool): Promise<Uint8Array> {
  return pool.use((child) => statOf(child, ["share", "file"]));
}

Deno.test("an error that may be the session's is asked of new children", () =>
  withErring(2, async (pool, started) => {
    await lookBy(pool);
    assert.equal(started(), 3);
    await lookBy(pool);
    assert.equal(started(), 3);
  }));

Deno.test("where new children have it, too, it is the entry's, and soon believed", () =>
  withErring(1000, async (pool, started) => {
    const counts: number[] = [];
    for (let i = 0; i < 5; i++) {
      await assert.rejects(
        lookBy(pool),
        (error) => isKind(error, "entry") && /ENOMEM/.test(error.message),
      );
      counts.push(started());
    }
    // From the fourth on one child answers for all.
    assert.deepEqual(counts, [3, 6, 9, 10, 10]);
  }));

Deno.test("a listing that fails after its first entries is an error, and no listing", () =>
  withErring(0, async (pool) => {
    await assert.rejects(pool.use((child) => listFolder(child, ["share", "folder"])), (error) => {
      return isKind(error, "entry") && /cannot read the folder folder: EIO/.test(error.message);
    });
  }));
