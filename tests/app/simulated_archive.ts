import {
  decideWarmUp,
  isSimulatedCold,
  type WarmUp,
  warmUpState,
} from "../../src/core/cold/simulated_warm_up.ts";
import { bytesOfText, compareBytes } from "../../src/core/path_text.ts";
import type { ArchiveStatus } from "../../src/core/cost/restore_wait.ts";
import type { ObjectHead, RestoreRequest } from "../../src/ports/object_store.ts";
import type { World } from "./app_world.ts";
import { failure } from "./memory_store.ts";

export interface SimulatedArchive {
  /** Each accepted or repeated request, in order. */
  readonly asked: { readonly key: string; readonly request: RestoreRequest }[];
  /** Keys of bodies that were handed out, in order, but for Holdfast's own. */
  readonly read: string[];
  /** Called before a request has an effect, and after; what it throws is the answer. */
  before: (key: string, request: RestoreRequest) => void;
  after: (key: string, request: RestoreRequest) => void;
  /** Whether LIST says what is being restored, where it is asked for that. */
  listTells: boolean;
  /** Goes on by so many hours. */
  later(hours: number): void;
  /** What a lifecycle rule does. */
  archive(key: string, storageClass: string): void;
  /** What Intelligent-Tiering does with an object that nobody reads; it is warm for good once asked for. */
  tier(key: string, tier: ArchiveStatus): void;
  /** What another machine does. */
  ask(key: string): Promise<void>;
  count(operation: "head" | "list"): number;
}

const HOUR = 3_600_000;

/**
 * Makes a world's store treat GLACIER and DEEP_ARCHIVE as S3 does (core/cold/simulated_warm_up.ts), by
 * the world's clock: Standard takes 6 hours, Bulk 12.
 */
export function simulatedArchive(world: World): SimulatedArchive {
  const { store, clock } = world;
  const { get, head } = store;
  const warmUps = new Map<string, WarmUp>();
  const classes = new Map<string, string>();
  /** Objects of Intelligent-Tiering in its archive tiers, and when they leave it: ms since 1970. */
  const tiers = new Map<string, { readonly tier: ArchiveStatus; leaves: number }>();
  const now = () => Number(clock.time / 1_000_000n);
  const nameOf = (key: string, version = store.current(key)?.head.versionId) => `${key} ${version}`;
  const classOf = (key: string, storageClass: string) =>
    tiers.has(key) ? "INTELLIGENT_TIERING" : classes.get(key) ?? storageClass;
  const archive: SimulatedArchive = {
    asked: [],
    read: [],
    before() {},
    after() {},
    listTells: true,
    later: (hours) => void (clock.time += BigInt(hours * HOUR) * 1_000_000n),
    archive: (key, storageClass) => void classes.set(key, storageClass),
    tier: (key, tier) => void tiers.set(key, { tier, leaves: Infinity }),
    async ask(key) {
      await store.requestRestore({ key }, { tier: "Bulk", days: 7 });
    },
    count: (operation) => store.count(operation),
  };
  function tiered(seen: ObjectHead, key: string): ObjectHead {
    const { tier, leaves } = tiers.get(key)!;
    const head = { ...seen, storageClass: "INTELLIGENT_TIERING" };
    if (now() >= leaves) return head;
    const warming = leaves === Infinity ? {} : { restore: { kind: "warming" as const } };
    return { ...head, archiveTier: tier, ...warming };
  }
  store.head = async (key, options = {}) => {
    const seen = await head(key, options);
    if (seen === undefined) return undefined;
    if (tiers.has(key)) return tiered(seen, key);
    const restore = warmUpState(warmUps.get(nameOf(key, options.versionId)), now());
    const storageClass = classOf(key, seen.storageClass);
    return { ...seen, storageClass, ...(restore === undefined ? {} : { restore }) };
  };
  store.get = async (key, options = {}) => {
    const body = await get(key, options);
    const storageClass = classOf(key, body.head.storageClass);
    const last = warmUps.get(nameOf(key, options.versionId));
    const isTiered = now() < (tiers.get(key)?.leaves ?? 0);
    if (isTiered || isSimulatedCold(storageClass, last, now())) {
      await body.stream.cancel();
      throw failure("refused", "InvalidObjectState", key);
    }
    if (!key.startsWith(".holdfast/")) archive.read.push(key);
    return body;
  };
  store.list = async function* (prefix, { startAfter = "", restoreStatus = false } = {}) {
    const keys = [...store.objects.keys()]
      .filter((key) => key.startsWith(prefix) && store.current(key) !== undefined)
      .filter((key) => compareBytes(bytesOfText(key), bytesOfText(startAfter)) > 0)
      .sort((a, b) => compareBytes(bytesOfText(a), bytesOfText(b)));
    for (let at = 0; at === 0 || at < keys.length; at += 1000) {
      store.requests.push({ operation: "list", key: prefix });
      yield await Promise.resolve(
        keys.slice(at, at + 1000).map((key) => {
          const { head: seen } = store.current(key)!;
          const { size, etag, lastModified } = seen;
          const listed = { key, size, etag, lastModified };
          const storageClass = classOf(key, seen.storageClass);
          if (!restoreStatus || !archive.listTells) return { ...listed, storageClass };
          const restore = warmUpState(warmUps.get(nameOf(key)), now()) ?? null;
          return { ...listed, storageClass, restore };
        }),
      );
    }
  };
  store.requestRestore = async ({ key, versionId }, request) => {
    archive.before(key, request);
    await Promise.resolve();
    const seen = store.objects.get(key)?.findLast(({ head }) =>
      versionId === undefined || head.versionId === versionId
    )?.head;
    if (seen === undefined) throw failure("gone", "NoSuchKey", key);
    const inTier = tiers.get(key);
    if (inTier !== undefined) {
      if (request.days !== undefined) throw failure("refused", "InvalidArgument", key);
      archive.asked.push({ key, request });
      inTier.leaves = now() + 6 * HOUR;
      archive.after(key, request);
      return "accepted";
    }
    const name = nameOf(key, versionId);
    const decision = decideWarmUp({
      ...{ storageClass: classOf(key, seen.storageClass), last: warmUps.get(name), request },
      ...{ now: now(), warmUp: 6 * HOUR },
    });
    if ("refusal" in decision) throw failure("refused", decision.refusal.code, key);
    archive.asked.push({ key, request });
    if (decision.answer !== "under way") warmUps.set(name, decision.warmUp);
    archive.after(key, request);
    return decision.answer;
  };
  return archive;
}
