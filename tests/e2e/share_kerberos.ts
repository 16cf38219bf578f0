/**
 * Run by share_login_test.ts in a network and with a /etc/hosts of its own: a KDC of MIT Kerberos, and a
 * Samba server that it knows.
 */
import assert from "node:assert/strict";
import { startSamba } from "../../scripts/samba_server.ts";
import { run } from "../sources/tree_tools.ts";
import { withSamba } from "../smb/share_fixture.ts";
import { holdfast, mustEnd, type Place } from "./holdfast.ts";
import { folderJob, withPlace } from "./place.ts";

const REALM = "TESTS.EXAMPLE";
/** Tickets are for names: libsmbclient asks for none for an address. */
const HOST = "files.tests.example";

function startKdc(folder: string, user: string): { readonly env: Record<string, string> } {
  Deno.writeTextFileSync(`${folder}/hosts`, `127.0.0.1 localhost ${HOST}\n`);
  run("mount", ["--bind", `${folder}/hosts`, "/etc/hosts"]);
  Deno.writeTextFileSync(
    `${folder}/krb5.conf`,
    `[libdefaults]
     default_realm = ${REALM}
     dns_lookup_kdc = false
     dns_canonicalize_hostname = false
     rdns = false
     [realms]
     ${REALM} = {
       kdc = 127.0.0.1:88
     }
     [domain_realm]
     .tests.example = ${REALM}\n`,
  );
  // A server of no domain takes no tickets with the domain's data in them.
  Deno.writeTextFileSync(
    `${folder}/kdc.conf`,
    `[realms]
     ${REALM} = {
       database_name = ${folder}/principals
       key_stash_file = ${folder}/stash
       kdc_listen = 127.0.0.1:88
       kdc_tcp_listen = 127.0.0.1:88
       disable_pac = true
     }\n`,
  );
  const env = {
    KRB5_CONFIG: `${folder}/krb5.conf`,
    KRB5_KDC_PROFILE: `${folder}/kdc.conf`,
    KRB5CCNAME: `FILE:${folder}/tickets`,
  };
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  run("/usr/sbin/kdb5_util", ["create", "-s", "-r", REALM, "-P", "of the tests"]);
  const admin = (query: string) => run("/usr/sbin/kadmin.local", ["-q", query]);
  admin(`addprinc -pw ticket ${user}`);
  admin(`addprinc -randkey cifs/${HOST}`);
  admin(`ktadd -k ${folder}/keytab cifs/${HOST}`);
  // It leaves its first process when it listens; the network's end is its own.
  run("/usr/sbin/krb5kdc", ["-P", `${folder}/kdc.pid`]);
  return { env };
}

async function inRealm(empty: Place, keytab: string, env: Record<string, string>): Promise<void> {
  const config = [
    `realm = ${REALM}`,
    ...["kerberos method = dedicated keytab", `dedicated keytab file = ${keytab}`],
    // Whoever has no ticket has nothing.
    "ntlm auth = disabled",
  ];
  await withSamba(await startSamba({ port: 445, config }), async (samba) => {
    Deno.writeTextFileSync(`${samba.data}/file`, "content");
    const url = `smb://${HOST}/${samba.share}`;
    const knowing = { ...empty, env: { ...empty.env, ...env } };
    const input = new TextEncoder().encode("ticket\n");
    run("kinit", [samba.user], { input });
    const place = await folderJob(knowing, { sources: [url], config: ['auth = "kerberos"'] });
    await mustEnd(0, place, ["backup"]);
    assert.equal(Deno.readTextFileSync(`${empty.folder}/store/file`), "content");
    await mustEnd(0, place, ["restore", "--to", `${url}/back`]);
    assert.equal(Deno.readTextFileSync(`${samba.data}/back/file`), "content");
    const outside = { ...place, config: "", state: "" };
    for (const login of ["", `${samba.user}@`]) {
      const server = `smb://${login}${HOST}`;
      const { stdout } = await mustEnd(0, outside, ["shares", "--kerberos", server]);
      assert.match(stdout, /^data +disk/m);
      await mustEnd(0, outside, ["doctor", "--kerberos", `${server}/${samba.share}`]);
    }
    run("kdestroy", []);
    const { code, said } = await holdfast(outside, ["doctor", "--kerberos", url]);
    assert.equal(code, 1, said);
    assert.match(said, /FAILED +sign-in[^]*hint: .*run kinit/);
    const denied = await holdfast(place, ["backup"]);
    assert.equal(denied.code, 4, denied.said);
  });
}

await withPlace(async (empty) => {
  const user = run("id", ["-un"]).trim();
  const { env } = startKdc(empty.folder, user);
  try {
    await inRealm(empty, `${empty.folder}/keytab`, env);
  } finally {
    Deno.kill(Number(Deno.readTextFileSync(`${empty.folder}/kdc.pid`)), "SIGKILL");
    run("umount", ["/etc/hosts"]);
  }
});
