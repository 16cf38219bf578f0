/** Run by share_metadata_test.ts in a network of its own, where smbd may have port 445. */
import assert from "node:assert/strict";
import { startSamba } from "../../scripts/samba_server.ts";
import { run } from "../sources/tree_tools.ts";
import { withSamba } from "../smb/share_fixture.ts";
import { mustEnd } from "./holdfast.ts";
import { withPlace } from "./place.ts";
import { makeOld, shareJob } from "./share_job.ts";

const config = ["vfs objects = acl_xattr", "map acl inherit = yes"];

await withSamba(await startSamba({ port: 445, config }), (samba) =>
  withPlace(async (empty) => {
    const acl = (path: string, ...change: string[]) => {
      const login = ["-U", `${samba.user}%${samba.password}`, "--numeric"];
      const said = run("smbcacls", [`//${samba.host}/${samba.share}`, path, ...login, ...change]);
      return said.split("\n").filter((line) => /^(OWNER|GROUP|ACL):/.test(line)).join("\n");
    };
    Deno.writeTextFileSync(`${samba.data}/f`, "content");
    Deno.mkdirSync(`${samba.data}/d`);
    acl("f", "-a", "ACL:S-1-5-21-1-2-3-1001:0/0/0x001200a9");
    acl("f", "-a", "ACL:S-1-5-21-1-2-3-1002:1/0/0x00000116");
    acl("d", "-a", "ACL:S-1-5-21-1-2-3-1003:0/3/0x001f01ff");
    makeOld(samba.data);
    const before = [acl("f"), acl("d")];
    assert.match(before[0], /1001:0\/0x0\/0x001200a9/);
    assert.match(before[0], /1002:1\/0x0\/0x00000116/);
    const place = await shareJob(empty, samba, { config: ["smb_acls = true"] });
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["restore", "--to", `${samba.url}/back`]);
    assert.deepEqual([acl("back/f"), acl("back/d")], before);
    // A local folder keeps the text.
    await mustEnd(0, place, ["restore", "f", "--to", `${empty.folder}/back`]);
    const kept = run("getfattr", ["-d", "-m", "user.smb", `${empty.folder}/back/f`]);
    assert.match(kept, /user.smb.security_descriptor="REVISION:1,OWNER:S-1-5-21-/);
    console.log(before[0]);
  }));
