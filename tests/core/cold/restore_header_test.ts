import assert from "node:assert/strict";
import { NEVER_EXPIRES, readRestoreHeader } from "../../../src/core/cold/restore_header.ts";

Deno.test("x-amz-restore says warming, or warm until a date", () => {
  assert.deepEqual(readRestoreHeader('ongoing-request="true"'), { kind: "warming" });
  for (
    const [date, time] of [
      ["Fri, 21 Dec 2012 00:00:00 GMT", Date.UTC(2012, 11, 21)],
      ["Wed, 07 Nov 2012 00:00:00 GMT", Date.UTC(2012, 10, 7)],
      ["Sat, 29 Feb 2048 23:59:58 GMT", Date.UTC(2048, 1, 29, 23, 59, 58)],
    ] as const
  ) {
    assert.deepEqual(
      readRestoreHeader(`ongoing-request="false", expiry-date="${date}"`),
      { kind: "warm", expiry: time },
    );
  }
});

Deno.test("other orders and capitals in x-amz-restore are read alike", () => {
  const warm = { kind: "warm", expiry: Date.UTC(2012, 11, 21) };
  const date = 'Expiry-Date="Fri, 21 Dec 2012 00:00:00 GMT"';
  assert.deepEqual(readRestoreHeader(`${date},ongoing-request = "FALSE"`), warm);
});

Deno.test("a copy without a readable expiry date is warm and stays", () => {
  const stays = { kind: "warm", expiry: NEVER_EXPIRES };
  assert.equal(NEVER_EXPIRES, Date.parse("9999-12-31T23:59:59Z"));
  assert.deepEqual(readRestoreHeader('ongoing-request="false"'), stays);
  for (const date of ["", "soon", "Fri, 21 Foo 2012 00:00:00 GMT"]) {
    assert.deepEqual(readRestoreHeader(`ongoing-request="false", expiry-date="${date}"`), stays);
  }
});

Deno.test("no header, and one of other words, say nothing", () => {
  for (const header of [undefined, "", "ongoing-request", 'ongoing-request="maybe"']) {
    assert.equal(readRestoreHeader(header), undefined, header);
  }
});
