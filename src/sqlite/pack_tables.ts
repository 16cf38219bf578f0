import type { DatabaseSync } from "node:sqlite";
import type {
  PackedContentRow,
  PackPartRow,
  PackRow,
  PackTables,
} from "../core/index/pack_rows.ts";
import type { KnownContent, PackedContent, PackModel } from "../ports/pack_model.ts";
import { bytesIn, bytesOrNull, numberIn, textIn, textOrNull } from "./column.ts";

type Raw = Record<string, unknown>;

/** Packs and what is in them, in SQLite (schema.ts). */
export function sqlitePackTables(db: DatabaseSync): PackTables {
  const put = {
    pack: db.prepare("INSERT OR REPLACE INTO packs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    part: db.prepare("INSERT OR REPLACE INTO pack_parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
    content: db.prepare("INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, ?, 0)"),
    chunks: db.prepare("INSERT OR REPLACE INTO chunk_lists VALUES (?, ?, ?)"),
  };
  const byName = db.prepare("SELECT * FROM packs WHERE pack = ?");
  const byKey = db.prepare("SELECT * FROM packs WHERE key = ?");
  const forget = db.prepare("UPDATE pack_parts SET tail = NULL WHERE pack = ?");
  const cut = {
    parts: db.prepare("DELETE FROM pack_parts WHERE pack = ? AND plain > ?"),
    contents: db.prepare(
      "DELETE FROM contents WHERE pack = ? AND at >= ?",
    ),
  };
  const lose = {
    all: db.prepare("UPDATE contents SET lost = 1 WHERE pack = ?"),
    one: db.prepare("UPDATE contents SET lost = 1 WHERE pack = ? AND sha256 = ?"),
    none: db.prepare("UPDATE contents SET lost = 0 WHERE pack = ? AND lost <> 0"),
  };
  const isCut = db.prepare("SELECT 1 FROM pack_parts WHERE pack = ? AND plain > ? LIMIT 1");
  const remove = {
    pack: db.prepare("DELETE FROM packs WHERE id = ?"),
    parts: db.prepare("DELETE FROM pack_parts WHERE pack = ?"),
    contents: db.prepare("DELETE FROM contents WHERE pack = ?"),
  };
  return {
    putPack(r) {
      put.pack.run(
        ...[r.id, r.pack, r.key, r.storageClass, r.header, r.encryption, r.stored, r.size],
        ...[r.plain, r.version, r.etag],
      );
    },
    packByName: (pack) => found(byName.get(pack)),
    packByKey: (key) => found(byKey.get(key)),
    removePack(id) {
      for (const statement of Object.values(remove)) statement.run(id);
    },
    putPart({ pack, part, size, crc32, whole, plain, frames, tail }) {
      put.part.run(pack, part, size, crc32, whole, plain, frames, tail);
    },
    forgetTails(pack) {
      forget.run(pack);
    },
    cutPack(pack, plain) {
      // A pack that ended well has nothing beyond: no need to look through all contents.
      if (isCut.get(pack, plain) === undefined) return;
      cut.parts.run(pack, plain);
      cut.contents.run(pack, plain);
    },
    addContent({ sha256, pack, at, size, list }) {
      put.content.run(sha256, pack, at, size, list);
    },
    dropContents(pack) {
      remove.contents.run(pack);
    },
    regainContents(pack) {
      lose.none.run(pack);
    },
    loseContents(pack, hashes) {
      if (hashes === undefined) lose.all.run(pack);
      else for (const sha256 of hashes) lose.one.run(pack, sha256);
    },
    putChunks(sha256, from, chunks) {
      put.chunks.run(sha256, from, chunks);
    },
  };
}

/** What commands ask of the packs. */
export function sqlitePackModel(db: DatabaseSync): PackModel {
  const has = db.prepare("SELECT 1 FROM contents WHERE sha256 = ? AND lost = 0 LIMIT 1");
  const located = db.prepare(
    `SELECT c.* FROM contents AS c JOIN packs AS p ON p.id = c.pack
     WHERE c.sha256 = ? AND p.stored > 0 ORDER BY c.lost, c.pack LIMIT 1`,
  );
  const places = db.prepare(
    `SELECT c.* FROM contents AS c JOIN packs AS p ON p.id = c.pack
     WHERE c.sha256 = ? AND p.stored > 0 ORDER BY c.pack`,
  );
  const contents = db.prepare(
    `SELECT c.* FROM contents AS c JOIN packs AS p ON p.id = c.pack
     WHERE p.stored > 0 AND (c.sha256, c.pack) > (?, ?) ORDER BY c.sha256, c.pack LIMIT ?`,
  );
  const chunks = db.prepare("SELECT chunks FROM chunk_lists WHERE sha256 = ? ORDER BY first");
  const byId = db.prepare("SELECT * FROM packs WHERE id = ?");
  const open = db.prepare("SELECT * FROM packs WHERE stored = 0 ORDER BY id");
  const all = db.prepare("SELECT * FROM packs WHERE id > ? ORDER BY id LIMIT ?");
  const parts = db.prepare("SELECT * FROM pack_parts WHERE pack = ? ORDER BY part");
  const inPack = db.prepare("SELECT * FROM contents WHERE pack = ? ORDER BY at");
  return {
    has: (sha256) => has.get(sha256) !== undefined,
    locate(sha256) {
      const raw = located.get(sha256) as Raw | undefined;
      return raw === undefined ? undefined : knownContent(raw);
    },
    places: (sha256) => (places.all(sha256) as Raw[]).map(knownContent),
    chunks(sha256) {
      const pieces = (chunks.all(sha256) as Raw[]).map((raw) => bytesIn(raw.chunks));
      return hashesIn(pieces);
    },
    pack: (id) => found(byId.get(id)),
    open: () => (open.all() as Raw[]).map(packRow),
    *contents() {
      let last: readonly [Uint8Array, number] = [new Uint8Array(0), 0];
      for (;;) {
        const page = contents.all(...last, PAGE) as Raw[];
        for (const raw of page) yield knownContent(raw);
        if (page.length < PAGE) return;
        const { sha256, pack } = contentRow(page[page.length - 1]);
        last = [sha256, pack];
      }
    },
    *all() {
      for (let after = 0;;) {
        const page = (all.all(after, PAGE) as Raw[]).map(packRow);
        yield* page;
        if (page.length < PAGE) return;
        after = page.at(-1)!.id;
      }
    },
    parts: (pack) => (parts.all(pack) as Raw[]).map(partRow),
    contentsIn: (pack) => (inPack.all(pack) as Raw[]).map(contentRow),
  };
}

const HASH = 32;
const PAGE = 1000;

function hashesIn(pieces: readonly Uint8Array[]): Uint8Array[] {
  return pieces.flatMap((piece) =>
    Array.from({ length: piece.length / HASH }, (_, i) => piece.subarray(i * HASH, (i + 1) * HASH))
  );
}

function found(raw: unknown): PackRow | undefined {
  return raw === undefined ? undefined : packRow(raw as Raw);
}

function packRow(raw: Raw): PackRow {
  return {
    id: numberIn(raw.id),
    pack: textIn(raw.pack),
    key: textIn(raw.key),
    storageClass: textIn(raw.class),
    header: numberIn(raw.header),
    encryption: raw.encryption === "age" ? "age" : "none",
    stored: numberIn(raw.stored),
    size: numberIn(raw.size),
    plain: numberIn(raw.plain),
    version: textOrNull(raw.version_id),
    etag: textOrNull(raw.etag),
  };
}

function partRow(raw: Raw): PackPartRow {
  return {
    pack: numberIn(raw.pack),
    part: numberIn(raw.part),
    size: numberIn(raw.size),
    crc32: textIn(raw.crc32),
    whole: textIn(raw.whole),
    plain: numberIn(raw.plain),
    frames: bytesIn(raw.frames),
    tail: bytesOrNull(raw.tail),
  };
}

function knownContent(raw: Raw): KnownContent {
  return { ...contentRow(raw), lost: numberIn(raw.lost) !== 0 };
}

function contentRow(raw: Raw): PackedContent {
  return {
    sha256: bytesIn(raw.sha256),
    pack: numberIn(raw.pack),
    at: numberIn(raw.at),
    size: numberIn(raw.size),
    list: numberIn(raw.list),
  } satisfies PackedContentRow;
}
