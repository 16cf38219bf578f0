import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type EntryRow,
  NO_CONTENT,
  REMOVED,
  UNREADABLE,
  UNSETTLED,
  UNSTABLE,
} from "../../src/core/index/rows.ts";
import { compareBytes } from "../../src/core/path_text.ts";
import { diffFolder } from "../../src/core/scan/folder_diff.ts";
import { filtered, type FolderListing, indexOf, nameAt } from "../../src/core/scan/listing.ts";
import { statDigest } from "../../src/core/scan/stat_digest.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { packStat, STAT_RECORD_BYTES } from "../../src/core/stat_record.ts";
import { anyNameBytes } from "./any_name.ts";

interface Listed {
  readonly name: Uint8Array;
  readonly type: "file" | "folder" | "symlink";
  readonly mtime: bigint;
  readonly links: number;
}

interface Known extends Listed {
  readonly state: number;
}

const pool = fc.uniqueArray(anyNameBytes, {
  ...{ minLength: 1, maxLength: 8 },
  selector: (name) => name.join(" "),
});
const listed = {
  type: fc.constantFrom("file" as const, "folder" as const, "symlink" as const),
  mtime: fc.bigInt(0n, 1n),
  links: fc.integer({ min: 1, max: 2 }),
};
const state = fc.constantFrom(0, 0, 0, REMOVED, UNREADABLE, UNSETTLED, UNSTABLE | UNSETTLED);
const folder = pool.chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc.record({
        now: fc.option(fc.record({ name: fc.constant(name), ...listed }), { nil: undefined }),
        row: fc.option(
          fc.record({
            ...{ name: fc.constant(name), ...listed, state },
            type: fc.constantFrom("file" as const, "symlink" as const),
          }),
          { nil: undefined },
        ),
      })
    ),
  )
);

function statOf({ type, mtime }: Listed): Uint8Array {
  return packStat({
    ...{ type, sparse: false, mode: 0o644, uid: 0, gid: 0, fileId: 1n, size: 0n },
    ...{ mtime, ctime: 0n, birth: 0n, rdev: 0n },
  });
}

const byName = (a: Listed, b: Listed) => compareBytes(a.name, b.name);

function listingOf(all: Listed[]): FolderListing {
  const sorted = all.toSorted(byName);
  let end = 0;
  return {
    count: sorted.length,
    names: Uint8Array.from(sorted.flatMap(({ name }) => [...name])),
    nameEnds: Uint32Array.from(sorted, ({ name }) => end += name.length),
    stats: Uint8Array.from(sorted.flatMap((entry) => [...statOf(entry)])),
    links: Uint32Array.from(sorted, ({ links }) => links),
    mounts: new Uint8Array(sorted.length),
    failed: [],
  };
}

function rowOf(known: Known): EntryRow {
  const { name, links, state } = known;
  return {
    ...{ folder: 1, name, stat: statOf(known), links, state, position: 1 },
    ...{
      target: null,
      attributes: null,
      content: NO_CONTENT,
      checked: 0,
      occupant: 0,
      occupantSince: 0,
    },
  };
}

const hexOf = (name: Uint8Array) => name.toHex();

Deno.test("a folder's differences are those that a look-up of each name finds", () => {
  fc.assert(
    fc.property(folder, (places) => {
      const now = places.flatMap(({ now }) => now === undefined ? [] : [now]);
      const rows = places.flatMap(({ row }) => row === undefined ? [] : [row]).toSorted(byName);
      const listing = listingOf(now);
      const found: string[] = [];
      diffFolder(listing, rows.map(rowOf), {
        changed: (i, row) =>
          found.push(`changed ${hexOf(nameAt(listing, i))} ${row === undefined ? "new" : "row"}`),
        unchanged: (row) => found.push(`unchanged ${hexOf(row.name)}`),
        missing: (row) => found.push(`missing ${hexOf(row.name)}`),
      });
      const expected = places.flatMap(({ now, row }) => {
        const isLive = row !== undefined && (row.state & REMOVED) === 0;
        if (now === undefined || now.type === "folder") {
          return isLive ? [`missing ${hexOf(row.name)}`] : [];
        }
        if (row === undefined) return [`changed ${hexOf(now.name)} new`];
        const isSame = (row.state & (REMOVED | UNREADABLE | UNSETTLED)) === 0 &&
          row.type === now.type && row.mtime === now.mtime && row.links === now.links;
        return [isSame ? `unchanged ${hexOf(now.name)}` : `changed ${hexOf(now.name)} row`];
      });
      assert.deepEqual(found.toSorted(), expected.toSorted());
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a filtered listing has the kept entries, and each name is found at its place", () => {
  fc.assert(
    fc.property(folder, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (all, keep) => {
      const now = all.flatMap(({ now }) => now === undefined ? [] : [now]).toSorted(byName);
      const kept = now.filter((_, i) => keep[i]);
      const listing = filtered(listingOf(now), Uint8Array.from(keep, Number));
      assert.deepEqual(listing, listingOf(kept));
      for (const { name } of now) {
        assert.equal(indexOf(listing, name), kept.findIndex((entry) => entry.name === name));
      }
    }),
  );
});

Deno.test("the stat digest differs with each name, each byte of a record and the rules", () => {
  const entries: Listed[] = ["a", "bc", "d"].map((name) => ({
    ...{ name: new TextEncoder().encode(name), type: "file", mtime: 1n, links: 1 },
  }));
  const listing = listingOf(entries);
  const digests = new Set<string>();
  const add = (changed: FolderListing, rules = "[]") => {
    digests.add(statDigest(changed, rules, platformHashing.sha256).toHex());
  };
  add(listing);
  add(listing);
  assert.equal(digests.size, 1, "equal listings have equal digests");
  add(listing, '["a"]');
  add({ ...listing, names: new TextEncoder().encode("abcx") });
  add({ ...listing, nameEnds: Uint32Array.of(2, 3, 4) });
  for (let i = 0; i < listing.stats.length; i++) {
    const stats = listing.stats.slice();
    stats[i] ^= 1;
    add({ ...listing, stats });
  }
  assert.equal(digests.size, 4 + 3 * STAT_RECORD_BYTES);
  // A listing in a buffer with others, as the walker hands it over.
  const buffer = new Uint32Array([99, ...listing.nameEnds]);
  const view = { ...listing, nameEnds: buffer.subarray(1) };
  const digest = (one: FolderListing) => statDigest(one, "[]", platformHashing.sha256).toHex();
  assert.equal(digest(view), digest(listing));
});
