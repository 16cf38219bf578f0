import { hex } from "../../src/core/hash.ts";
import type { AnyNewEvent, ObservedEntry, PackedEntry } from "../../src/core/event/event.ts";
import { chunkListText, hashPieces } from "../../src/core/pack/chunk_list.ts";
import { END_FRAME } from "../../src/core/pack/pack_end.ts";
import { packKey, paddingFor } from "../../src/core/pack/pack_layout.ts";
import { tarHeader } from "../../src/core/pack/tar_header.ts";
import { tarPadding } from "../../src/core/pack/tar_member.ts";
import { skippableFrame } from "../../src/core/pack/zstd_frames.ts";
import { splitPath } from "../../src/core/path_text.ts";
import { platformHashing as hashing } from "../../src/crypto/hashing.ts";
import { AGE_CHUNK, AGE_TAG } from "../../src/core/pack/pack_layout.ts";
import type { Sealer } from "../../src/ports/cipher.ts";
import { joined } from "../crypto/age_fixture.ts";
import { openState } from "../../src/app/read_state.ts";
import { restore } from "../../src/app/restore.ts";
import type { ColdDeps, RestoreOptions, RestoreReport } from "../../src/app/restore_deps.ts";
import { noShipping } from "../../src/app/ship_log.ts";
import type { Opener } from "../../src/ports/cipher.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { openLocalTarget } from "../../src/targets/local/local_target.ts";
import type { World } from "./app_world.ts";
import { coldDeps } from "./cold_deps.ts";

/** Packs made by hand, and the events that say what is in them: what a backup into packs leaves. */
export interface PackedSpec {
  readonly path: string;
  readonly content: Uint8Array;
  /** Lengths of the chunks of a large file. */
  readonly chunks?: readonly number[];
  readonly sparse?: true;
  /** File id of a file with so many names. */
  readonly link?: { readonly id: string; readonly links: number };
}

export interface PackingOptions {
  /** Undefined: not encrypted. */
  readonly sealer?: Sealer;
  /** Bytes of TAR after which a frame ends, 64 KiB by default. */
  readonly frameBytes?: number;
  /** Frames after which a part ends: 0 for one part. */
  readonly partFrames?: number;
  /** "" by default. */
  readonly source?: string;
}

export interface MadePack {
  readonly pack: string;
  readonly key: string;
  /** Bytes before the payload. */
  readonly header: number;
  readonly frames: readonly [number, number][];
  readonly size: number;
}

const RUN = "ab".repeat(16);
let serial = 0;

/** Puts each list of files into a pack of its own, all of them in one source. */
export async function packFiles(
  world: World,
  packs: readonly (readonly PackedSpec[])[],
  options: PackingOptions = {},
): Promise<MadePack[]> {
  const { source = "" } = options;
  const append = (...events: AnyNewEvent[]) => world.log.append(RUN, events);
  append({
    type: "ScanStarted",
    data: { source, path: "/source", rules: "none", fileSystem: "test", walker: "libc" },
  });
  const prev = append(observed(packs.flat(), source));
  const known = new Set<string>();
  const made: MadePack[] = [];
  for (const files of packs) {
    const pack = (++serial).toString(16).padStart(32, "0");
    const { tar, members, before } = membersOf(files, known, { pack, prev });
    const body = await packed(tar, options);
    const key = packKey(pack, options.sealer !== undefined);
    const encryption = options.sealer === undefined ? "none" : "age";
    const { header, frames, object } = body;
    append({ type: "PackStarted", data: { pack, key, class: "STANDARD", header, encryption } });
    append(...before, { type: "MembersPacked", data: { source, pack, folders: members } });
    const { etag, versionId } = await world.store.put(key, object, {});
    const plain = tar.reduce((sum, { length }) => sum + length, 0).toString();
    const crc = { crc32: "00000000", whole: "00000000" };
    append(
      { type: "PartPrepared", data: { pack, part: 1, size: object.length, ...crc, plain, frames } },
      {
        type: "PackStored",
        data: {
          ...{ pack, key, size: object.length.toString(), plain, etag },
          ...(versionId === undefined ? {} : { version: versionId }),
        },
      },
    );
    made.push({ pack, key, header, frames, size: object.length });
  }
  return made;
}

/** Files, and the folders above them, as a scan would see them. */
function observed(files: readonly PackedSpec[], source: string): AnyNewEvent {
  const folders = new Map<string, ObservedEntry[]>();
  const stat = { mode: 0o755, uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0, ctime: "1", id: "1" };
  function folderOf(path: string): ObservedEntry[] {
    const there = folders.get(path);
    if (there !== undefined) return there;
    const entry: ObservedEntry = {
      ...{ name: splitPath(path).name, change: "added", type: "folder", ...stat },
      ...{ mtime: "1000000000", ...(path === "" ? { fs: "test" } : {}) },
    };
    const entries: ObservedEntry[] = [];
    if (path === "") entries.push(entry);
    else folderOf(splitPath(path).folder).push(entry);
    folders.set(path, entries);
    return entries;
  }
  folderOf("");
  for (const { path, content, sparse, link } of files) {
    const { folder, name } = splitPath(path);
    folderOf(folder).push({
      ...{ name, change: "added", type: "file", ...stat, mode: 0o640 },
      ...{ size: content.length.toString(), mtime: "1234567890123456789" },
      ...(sparse ? { sparse } : {}),
      ...(link ?? {}),
    });
  }
  const list = [...folders].map(([path, entries]) => ({ path, entries }));
  return {
    type: "EntriesObserved",
    data: { source, seen: "1", packs: true, folders: list },
  };
}

function membersOf(
  files: readonly PackedSpec[],
  known: Set<string>,
  { pack, prev }: { readonly pack: string; readonly prev: number },
) {
  const tar: Uint8Array[] = [];
  const before: AnyNewEvent[] = [];
  const folders = new Map<string, PackedEntry[]>();
  let length = 0;
  /** Returns where the content begins. */
  function add(path: string, content: Uint8Array): number {
    const member = { path: new TextEncoder().encode(path), size: content.length };
    const header = tarHeader({ type: "file", mode: 0o600, uid: 0, gid: 0, mtime: 0n, ...member });
    const at = length + (content.length > 0 ? header.length : 0);
    tar.push(joined(header, content, new Uint8Array(tarPadding(content.length))));
    length += tar.at(-1)!.length;
    return at;
  }
  for (const { path, content, chunks } of files) {
    const sha256 = hex(hashing.sha256(content));
    const { folder, name } = splitPath(path);
    const entry: PackedEntry = { name, type: "file", sha256, prev };
    const size = content.length.toString();
    if (!folders.has(folder)) folders.set(folder, []);
    const isNew = !known.has(sha256);
    known.add(sha256);
    const list = folders.get(folder)!;
    if (!isNew) list.push({ ...entry, ...(content.length > 0 ? { size } : {}) });
    else if (chunks === undefined) {
      list.push({ ...entry, ...(content.length > 0 ? { size } : {}), at: add(path, content) });
    } else {
      const pieces = cut(content, chunks);
      for (const { sha256, bytes } of pieces) {
        if (known.has(sha256)) continue;
        known.add(sha256);
        const at = add(`.holdfast/chunks/${sha256}`, bytes);
        const data = { pack, chunks: [[sha256, bytes.length, at]] as [string, number, number][] };
        before.push({ type: "ChunksPacked", data });
      }
      for (const { from, chunks } of hashPieces(pieces.map(({ sha256 }) => sha256))) {
        before.push({ type: "ChunksListed", data: { sha256, from, chunks } });
      }
      const lines = pieces.map(({ sha256, bytes }) => ({ sha256, size: bytes.length }));
      const text = new TextEncoder().encode(chunkListText(lines));
      list.push({ ...entry, size, at: add(`${path}.holdfast-chunks`, text), list: text.length });
    }
  }
  const members = [...folders].map(([path, objects]) => ({ path, objects }));
  return { tar, members, before };
}

function cut(content: Uint8Array, lengths: readonly number[]) {
  let at = 0;
  return lengths.map((length) => {
    const bytes = content.subarray(at, at += length);
    return { bytes, sha256: hex(hashing.sha256(bytes)) };
  });
}

/** The object: frames cut at members' ends, padded at the ends of parts, sealed. */
async function packed(
  members: readonly Uint8Array[],
  { sealer, frameBytes = 64 * 1024, partFrames = 0 }: PackingOptions,
) {
  const frames: [number, number][] = [];
  const stream: Uint8Array[] = [];
  let [waiting, waitingBytes, length]: [Uint8Array[], number, number] = [[], 0, 0];
  function push(bytes: Uint8Array, plain: number): void {
    stream.push(bytes);
    frames.push([bytes.length, plain]);
    length += bytes.length;
  }
  function pad(): void {
    const padding = paddingFor(length);
    if (padding > 0) push(skippableFrame(padding), 0);
  }
  function endFrame(): void {
    if (waitingBytes > 0) push(hashing.frame(joined(...waiting)), waitingBytes);
    [waiting, waitingBytes] = [[], 0];
    if (partFrames > 0 && frames.length % partFrames === 0) pad();
  }
  for (const member of members) {
    waiting.push(member);
    waitingBytes += member.length;
    if (waitingBytes >= frameBytes) endFrame();
  }
  endFrame();
  if (sealer === undefined) return { header: 0, frames, object: joined(...stream, END_FRAME) };
  pad();
  const age = await sealer.begin();
  const plain = joined(...stream);
  const chunks = plain.length / AGE_CHUNK;
  const header = age.header.length;
  const object = new Uint8Array(
    header + chunks * (AGE_CHUNK + AGE_TAG) + END_FRAME.length + AGE_TAG,
  );
  object.set(age.header);
  for (let counter = 0; counter < chunks; counter++) {
    const chunk = plain.subarray(counter * AGE_CHUNK, (counter + 1) * AGE_CHUNK);
    age.chunk(chunk, { counter, last: false }, object, header + counter * (AGE_CHUNK + AGE_TAG));
  }
  const at = header + chunks * (AGE_CHUNK + AGE_TAG);
  age.chunk(END_FRAME, { counter: chunks, last: true }, object, at);
  return { header, frames, object };
}

export interface PackRestore extends Partial<RestoreOptions> {
  readonly opener?: Opener;
  readonly store?: ObjectStore;
  readonly signal?: AbortSignal;
  readonly position?: number;
  readonly wait?: boolean;
  readonly cold?: Partial<ColdDeps>;
}

/** `World.restore` with keys. */
export async function restorePacks(
  world: World,
  to: string,
  { opener, signal = new AbortController().signal, position, ...more }: PackRestore = {},
): Promise<RestoreReport> {
  const { log, environment } = world;
  const folder = world.stateFile.slice(0, world.stateFile.lastIndexOf("/"));
  const emit = () => {};
  const wanted = position === undefined
    ? { kind: "head" as const }
    : { kind: "position" as const, position };
  const state = openState(log, sqliteReplayer(folder, hashing.sha256), wanted, emit);
  try {
    return await restore({
      ...{ log, environment, hashing, emit, signal, windows: false, shipper: noShipping },
      openTarget: () => openLocalTarget(to, { random: environment.random.bytes }),
      contents: log.index.packs,
      identities: () => Promise.resolve(opener),
      work: sqliteWorkTables(folder),
      cold: coldDeps(more.cold),
      store: more.store ?? world.store,
    }, {
      selection: { paths: [], include: undefined, exclude: undefined },
      ...{ state, to, overwrite: "never", config: "", workers: 4 },
      ...more,
    });
  } finally {
    state.close();
  }
}

export interface CountedRange {
  readonly key: string;
  readonly offset: number;
  readonly length: number;
}

/** The same store; each GET of a pack is noted with what it asks for. */
export function countedStore(
  store: ObjectStore,
): ObjectStore & { readonly ranges: CountedRange[] } {
  const ranges: CountedRange[] = [];
  return {
    ...store,
    ranges,
    get(key, options = {}) {
      const { range } = options;
      if (key.startsWith("packs/")) {
        ranges.push({ key, offset: range?.offset ?? 0, length: range?.length ?? Infinity });
      }
      return store.get(key, options);
    },
  };
}
