/** What a share has beside contents and cannot be read: the file is backed up all the same. */
import assert from "node:assert/strict";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import type { SmbPool } from "../../src/smb/child_pool.ts";
import { keptAttributes } from "../../src/sources/smb/kept_attributes.ts";
import { loginOf } from "../smb/share_fixture.ts";
import type { Samba } from "../../scripts/samba_server.ts";

/** Attributes by a pool whose calls all fail so, and what was told. */
function failing(error: HoldfastError, keep: { acls: boolean; streams: boolean }) {
  const told: string[] = [];
  const pool: Partial<SmbPool> = { use: () => Promise.reject(error) };
  const attributesOf = keptAttributes({
    ...{ ...keep, pool: pool as SmbPool, share: "data", signal: new AbortController().signal },
    // Nothing listens there: smbclient cannot connect.
    login: loginOf({ host: "127.0.0.1", port: 1, user: "u", password: "p" } as Samba),
    notice: (text) => void told.push(text),
  });
  return { attributesOf, told };
}

Deno.test("a security descriptor that cannot be read is told of once, and fails no file", async () => {
  const error = new HoldfastError("entry", "cannot read the security descriptor of a: EACCES");
  const { attributesOf, told } = failing(error, { acls: true, streams: false });
  assert.deepEqual(await attributesOf(["data", "a"]), []);
  assert.deepEqual(await attributesOf(["data", "b"]), []);
  assert.deepEqual(told, [`${error.message}; others are not told of`]);
});

Deno.test("streams that cannot be listed are told of once, and fail no file", async () => {
  const { attributesOf, told } = failing(new HoldfastError("entry", ""), {
    ...{ acls: false, streams: true },
  });
  const found = await Promise.all(["a", "b"].map((name) => attributesOf(["data", name])));
  assert.deepEqual(found, [[], []]);
  assert.equal(told.length, 1);
  assert.match(told[0], /^streams are not kept: smbclient /);
});

Deno.test("a server that is lost meanwhile is no missing descriptor", async () => {
  const { attributesOf, told } = failing(new HoldfastError("unreachable", "lost"), {
    ...{ acls: true, streams: false },
  });
  await assert.rejects(async () => await attributesOf(["data", "a"]), (error) => {
    return isKind(error, "unreachable");
  });
  assert.deepEqual(told, []);
});
