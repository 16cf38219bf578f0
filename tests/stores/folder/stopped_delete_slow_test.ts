import assert from "node:assert/strict";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import { content, inParallel, listKeys, read } from "../store_probes.ts";
import { stoppingDisk } from "./failing_disk.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { assertSwept } from "./store_inspection.ts";

/** No process has this id: pid_max is at most 2^22. */
const DEAD_PID = 2 ** 30;

/** What a key holds; undefined where it is deleted. */
type State = Uint8Array | undefined;

interface Ledger {
  /** Of each key, oldest first: all states whose call had begun. */
  readonly begun: Map<string, State[]>;
  /** Of each key: the index of the last one that was acknowledged. */
  readonly acknowledged: Map<string, number>;
  readonly versions: Map<string, { key: string; body: Uint8Array }>;
  /** Versions whose deletion had begun, and whether it was acknowledged. */
  readonly deleting: Map<string, boolean>;
}

async function step(ledger: Ledger, key: string, state: State, act: () => Promise<unknown>) {
  const states = ledger.begun.get(key) ?? [undefined];
  ledger.begun.set(key, [...states, state]);
  const answer = await act() as { versionId?: string } | undefined;
  ledger.acknowledged.set(key, states.length);
  if (state !== undefined) ledger.versions.set(answer!.versionId!, { key, body: state });
  return answer?.versionId ?? "";
}

function actions(store: ObjectStore, ledger: Ledger) {
  return {
    put: (key: string, body: Uint8Array, ifNoneMatch = false) =>
      step(ledger, key, body, () => store.put(key, body, { ifNoneMatch })),
    copy: (key: string, body: Uint8Array, to: string) =>
      step(ledger, to, body, () => store.copy({ key, size: body.length }, to, {})),
    drop: (key: string) => step(ledger, key, undefined, () => store.delete([{ key }])),
    async dropVersion(key: string, versionId: string, isCurrent: boolean) {
      ledger.deleting.set(versionId, false);
      const act = () => store.delete([{ key, versionId }]);
      if (isCurrent) await step(ledger, key, undefined, act);
      else await act();
      ledger.deleting.set(versionId, true);
    },
  };
}

async function oneAfterTheOther(store: ObjectStore, ledger: Ledger): Promise<void> {
  const { put, copy, drop, dropVersion } = actions(store, ledger);
  const bodies = [content(3_000, 1), content(2_000, 2), content(10, 3)];
  const first = await put("photos/a", bodies[0]);
  const second = await put("photos/a", bodies[1]);
  await copy("photos/a", bodies[1], "moved/deep/a");
  await copy("photos/a", bodies[1], "photos/b");
  await drop("photos/a");
  await dropVersion("photos/a", first, false);
  await put("photos/a", bodies[2], true);
  await dropVersion("photos/a", second, false);
  await put("../odd//key", bodies[0]);
  await drop("../odd//key");
  const last = await put("gone", bodies[1]);
  await dropVersion("gone", last, true);
  await put("empty/", new Uint8Array(0));
  await drop("empty/");
  await drop("photos/b");
}

async function sideBySide(store: ObjectStore, ledger: Ledger): Promise<void> {
  const { put, copy, drop } = actions(store, ledger);
  const keys = ["a/1", "a/2", "b"];
  await inParallel(keys, 3, (key) => put(key, content(200, key.length)));
  await inParallel(keys, 3, async (key) => {
    await copy(key, content(200, key.length), `to/${key}`);
    await drop(key);
  });
}

for (
  const [name, history] of [
    ["one after the other", oneAfterTheOther],
    ["side by side", sideBySide],
  ] as const
) {
  Deno.test(`a process stopped at any call of copies and deletions keeps what it acknowledged, ${name}`, async () => {
    const whole = stoppingDisk(Infinity);
    await withFolder((root) => runAndCheck(root, history, whole, Infinity));
    assert.ok(whole.calls() > 50);
    for (let at = 1; at <= whole.calls(); at++) {
      await withFolder((root) => runAndCheck(root, history, stoppingDisk(at), at));
    }
  });
}

async function runAndCheck(
  root: string,
  history: (store: ObjectStore, ledger: Ledger) => Promise<void>,
  stopping: ReturnType<typeof stoppingDisk>,
  at: number,
): Promise<void> {
  const ledger: Ledger = {
    begun: new Map(),
    acknowledged: new Map(),
    versions: new Map(),
    deleting: new Map(),
  };
  const killed = openAt(root, { create: true, disk: stopping.disk, pid: DEAD_PID });
  await Promise.race([history(killed, ledger), stopping.stopped]);
  stopping.release();
  if (at === Infinity) killed.close();

  const store = openAt(root, { create: true });
  await checkKeys(store, ledger, at);
  await store.put("after", content(1, 1), {});
  await checkKeys(store, ledger, at);
  await checkVersions(store, ledger, at);
  assertSwept(root);
  await checkPlain(root, store, ledger, at);
  for (const key of ledger.begun.keys()) {
    if (await store.head(key) !== undefined) continue;
    await store.put(key, content(5, 5), { ifNoneMatch: true });
  }
  store.close();
}

async function checkKeys(store: ObjectStore, ledger: Ledger, at: number): Promise<void> {
  const listed = await listKeys(store, "");
  for (const [key, begun] of ledger.begun) {
    const head = await store.head(key);
    assert.equal(head !== undefined, listed.includes(key), `${key} in list, stopped at ${at}`);
    const now = head === undefined ? undefined : await read(store, key);
    const allowed = begun.slice(ledger.acknowledged.get(key) ?? 0);
    assert.ok(allowed.some((state) => isSame(state, now)), `${key} is old, stopped at ${at}`);
  }
}

async function checkVersions(store: ObjectStore, ledger: Ledger, at: number): Promise<void> {
  for (const [versionId, { key, body }] of ledger.versions) {
    const deleted = ledger.deleting.get(versionId);
    const head = await store.head(key, { versionId });
    if (deleted === true) assert.equal(head, undefined, `${key} ${versionId}, stopped at ${at}`);
    if (deleted === false && head === undefined) continue;
    if (deleted !== true) assert.deepEqual(await read(store, key, { versionId }), body);
  }
}

async function checkPlain(root: string, store: ObjectStore, ledger: Ledger, at: number) {
  for (const key of ledger.begun.keys()) {
    if (key.endsWith("/") || key.startsWith("..")) continue;
    const plain = await Deno.readFile(`${root}/${key}`).catch(() => undefined);
    const head = await store.head(key);
    const body = head === undefined ? undefined : await read(store, key);
    assert.ok(isSame(plain, body), `plain ${key}, stopped at ${at}`);
  }
}

function isSame(a: State, b: State): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
