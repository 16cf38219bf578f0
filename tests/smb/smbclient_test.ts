/** What smbclient says, and what libsmbclient reads and writes in other forms. */
import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { streamsIn } from "../../src/smb/alternate_streams.ts";
import { latestVersion, previousVersions } from "../../src/smb/previous_versions.ts";
import { withDecimalMasks } from "../../src/smb/security_descriptor.ts";
import { sambaFor } from "../servers/samba.ts";
import { shell } from "../sources/tree_tools.ts";
import { loginOf, withSamba } from "./share_fixture.ts";

Deno.test("streams are found entry by entry, without the content and without previous versions", () => {
  const said = `altname: A~1
attributes: A (20)
stream: [::$DATA], 5 bytes
stream: [:Zone.Identifier:$DATA], 26 bytes
stream: [:a:b c:$DATA], 1 bytes
@GMT-2026.01.01-00.00.00
size: 5
stream: [:old:$DATA], 3 bytes
NT_STATUS_OBJECT_NAME_NOT_FOUND getting alt name for \\none
altname: d
attributes: D (10)
`;
  assert.deepEqual(streamsIn(said, 4), [
    [{ name: "Zone.Identifier", size: 26 }, { name: "a:b c", size: 1 }],
    ...[[], [], []],
  ]);
});

Deno.test("masks of a security descriptor are set as decimal numbers", () => {
  const read = "REVISION:1,OWNER:S-1-5-21-1,ACL:S-1-1-0:0/11/0x001f01ff,ACL:S-1-5-7:1/0/0x1";
  const set = "REVISION:1,OWNER:S-1-5-21-1,ACL:S-1-1-0:0/11/2032127,ACL:S-1-5-7:1/0/1";
  assert.equal(withDecimalMasks(read), set);
  assert.equal(withDecimalMasks(set), set);
});

const VERSIONS = "previous versions of a share are found, the newest first";
Deno.test(VERSIONS, async () => {
  const config = ["vfs objects = shadow_copy2", "shadow:snapdir = {data}/.snap"];
  const samba = await sambaFor(VERSIONS, { config: [...config, "shadow:basedir = {data}"] });
  await withSamba(samba, async (server) => {
    const { signal } = new AbortController();
    const login = loginOf(server);
    await assert.rejects(latestVersion(login, "data", signal), (error) => {
      return isKind(error, "gone") && /has no previous versions/.test(error.message);
    });
    shell(server.data, "mkdir -p .snap/@GMT-2026.01.01-00.00.00 .snap/@GMT-2026.03.01-10.20.30");
    const found = await previousVersions(login, "data", signal);
    assert.deepEqual(found, ["@GMT-2026.03.01-10.20.30", "@GMT-2026.01.01-00.00.00"]);
    assert.equal(await latestVersion(login, "data", signal), found[0]);
    const wrong = loginOf(server, { password: "wrong" });
    await assert.rejects(latestVersion(wrong, "data", signal), /NT_STATUS_LOGON_FAILURE/);
  });
});
