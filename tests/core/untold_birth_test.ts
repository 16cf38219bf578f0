/** Times of birth that are told and not believed: of shares. */
import assert from "node:assert/strict";
import { sameButBirth, sameRecord } from "../../src/core/scan/folder_diff.ts";
import { renameEvidence } from "../../src/core/scan/rename_evidence.ts";
import { type EntryStat, packStat, STAT_RECORD_BYTES } from "../../src/core/stat_record.ts";

const base: EntryStat = {
  ...{ type: "file", sparse: false, dos: 0x20, mode: 0o644, uid: 0, gid: 0, fileId: 5n },
  ...{ size: 10n, mtime: 100n, ctime: 100n, birth: 50n, rdev: 0n },
};

Deno.test("records that differ in birth alone are the same, and any other byte counts", () => {
  const record = packStat(base);
  const two = new Uint8Array(2 * STAT_RECORD_BYTES);
  two.set(packStat({ ...base, birth: -1n }), STAT_RECORD_BYTES);
  assert.equal(sameRecord(two, 1, record), false);
  assert.equal(sameButBirth(two, 1, record), true);
  for (let i = 0; i < STAT_RECORD_BYTES; i++) {
    const changed = record.slice();
    changed[i] ^= 1;
    assert.equal(sameButBirth(changed, 0, record), i >= 48 && i < 56, `byte ${i}`);
  }
});

Deno.test("a birth that is not believed neither proves nor disproves a rename", () => {
  const old = packStat(base);
  const born = packStat({ ...base, birth: 51n });
  assert.equal(renameEvidence(old, born), undefined);
  assert.equal(renameEvidence(old, born, false), "same");
  const grown = packStat({ ...base, size: 11n });
  assert.equal(renameEvidence(old, grown), "changed");
  assert.equal(renameEvidence(old, grown, false), undefined);
  assert.equal(renameEvidence(old, packStat({ ...base, fileId: 6n }), false), undefined);
});
