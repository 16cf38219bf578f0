import assert from "node:assert/strict";
import {
  DOS_ARCHIVE,
  DOS_HIDDEN,
  DOS_READONLY,
  DOS_SYSTEM,
  dosAttributeValue,
  dosText,
  ntTimeOf,
} from "../../src/core/dos_attributes.ts";
import { NO_OWNER, ownerText } from "../../src/core/stat_record.ts";

Deno.test("DOS attributes are shown by their letters, what has none as a number", () => {
  assert.equal(dosText(0), "");
  assert.equal(dosText(DOS_READONLY | DOS_HIDDEN | DOS_SYSTEM | DOS_ARCHIVE), "RHSA");
  assert.equal(dosText(DOS_HIDDEN | 0x2000), "H+2000");
});

Deno.test("the attribute's value is what a Samba server writes", () => {
  // As smbd 4.17 wrote it for R, H and S.
  const written = "00000500050000001100000007000000e5aa8537267add01";
  const birth = (0x01dd7a263785aae5n - 11_644_473_600n * 10_000_000n) * 100n;
  assert.equal(dosAttributeValue(7, birth).toHex(), written);
  const unborn = "000005000500000001000000220000000000000000000000";
  assert.equal(dosAttributeValue(0x22, 0n).toHex(), unborn);
});

Deno.test("Windows counts time from 1601", () => {
  assert.equal(ntTimeOf(0n), 116_444_736_000_000_000n);
  assert.equal(ntTimeOf(199n), 116_444_736_000_000_001n);
  assert.equal(ntTimeOf(-(2n ** 63n)), 24_211_015_631_452_242n);
});

Deno.test("what comes from a share has no owner", () => {
  assert.equal(ownerText(1000, 100), "1000:100");
  assert.equal(ownerText(NO_OWNER, NO_OWNER), "-");
});
