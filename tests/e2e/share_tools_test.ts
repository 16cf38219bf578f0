/** `shares` and `doctor` on real Samba. */
import assert from "node:assert/strict";
import { type Samba, type SambaOptions, SIGNING } from "../../scripts/samba_server.ts";
import { freePort } from "../servers/free_port.ts";
import { sambaFor } from "../servers/samba.ts";
import { holdFile } from "../servers/smb_lock.ts";
import { shell } from "../sources/tree_tools.ts";
import { holdfast, holdfastJson, type JsonRecord, mustEnd, type Place } from "./holdfast.ts";
import { passwordFile, withShare } from "./share_job.ts";

function test(
  name: string,
  use: (place: Place, samba: Samba) => Promise<void>,
  options: SambaOptions = {},
): void {
  Deno.test(
    name,
    async () =>
      await withShare(
        await sambaFor(name, options),
        (place, samba) => use({ ...place, config: "", state: "" }, samba),
      ),
  );
}

test("the shares of a server are listed", async (place, samba) => {
  const server = `smb://${samba.user}@${samba.host}:${samba.port}`;
  const login = ["--password-file", passwordFile(place, samba.password)];
  const { stdout } = await mustEnd(0, place, ["shares", server, ...login]);
  assert.match(stdout, /^data +disk +all of our data$/m);
  const { records } = await holdfastJson(place, ["shares", server, ...login]);
  const found = records.map(({ name, kind }) => `${name} ${kind}`);
  assert.ok(found.includes("data disk") && found.includes("IPC$ other"), found.join());
  const wrong = ["--password-file", passwordFile(place, "a wrong one")];
  const denied = await holdfast(place, ["shares", server, ...wrong]);
  assert.deepEqual([denied.code, /refuses/.test(denied.said)], [1, true], denied.said);
  const share = await holdfast(place, ["shares", `${server}/data`, ...login]);
  assert.equal(share.code, 2, share.said);
}, { share: ["comment = all of our data"] });

test("a guest is told of shares, too", async (place, samba) => {
  const { stdout } = await mustEnd(0, place, ["shares", `smb://${samba.host}:${samba.port}`]);
  assert.match(stdout, /^data +disk$/m);
}, { guests: true });

async function steps(place: Place, args: string[]): Promise<[number, JsonRecord[]]> {
  const { code, records } = await holdfastJson(place, ["doctor", ...args]);
  return [code, records.filter(({ record }) => record === "diagnosis")];
}

const ALL = ["library", "port", "protocol", "sign-in", "list", "read"];

for (const signing of SIGNING) {
  test(`${signing} server: the doctor tries each step`, async (place, samba) => {
    shell(samba.data, "mkdir sub empty; echo content > sub/file");
    const login = ["--password-file", passwordFile(place, samba.password)];
    const [code, found] = await steps(place, [`${samba.url}/sub`, ...login]);
    assert.deepEqual([code, found.map(({ step }) => step)], [0, ALL]);
    assert.deepEqual(found.map(({ ok }) => ok), [true, true, true, true, true, true]);
    assert.match(found[0].text, /^libsmbclient \d/);
    assert.match(
      found[2].text,
      /^SMB 3\.1\.1, signing (enabled|required), it can encrypt, its clock is right$/,
    );
    assert.equal(found[2].text.includes("required"), signing === "signed");
    assert.match(found[5].text, /^8 bytes of file$/);
    const said = await mustEnd(0, place, ["doctor", `${samba.url}/sub`, ...login]);
    assert.match(said.stdout, /^ok +read +8 bytes of file$/m);
    assert.match(said.stdout, /can be backed up/);
  }, { signing });

  test(
    `${signing} server: the doctor names the first step that fails, and what to do`,
    async (place, samba) => {
      Deno.chmodSync(`${samba.data}/..`, 0o755);
      shell(samba.data, "mkdir sub closed held; echo content > held/file; chmod 777 held/file");
      Deno.chmodSync(`${samba.data}/closed`, Deno.uid() === 0 ? 0o700 : 0);
      const right = passwordFile(place, samba.password);
      const wrong = `${place.folder}/wrong`;
      Deno.writeTextFileSync(wrong, "a wrong one");
      const library = `${place.folder}/lib`;
      Deno.mkdirSync(library);
      Deno.writeTextFileSync(`${library}/libsmbclient.so.0`, "no library");
      const closedPort = samba.url.replace(`:${samba.port}`, `:${freePort()}`);
      const none = samba.url.replace("/data", "/none");
      const guest = samba.url.replace(`${samba.user}@`, "");
      const held = await holdFile(samba, "held/file");
      const failures: [string, string[], Record<string, string>, RegExp, RegExp][] = [
        [
          "library",
          [samba.url, right],
          { LD_LIBRARY_PATH: library },
          /libsmbclient/,
          /install the/,
        ],
        ["port", [closedPort, right], {}, /refused/, /is on, its name and port/],
        ["sign-in", [samba.url, wrong], {}, /refuses data as/, /user, domain and password/],
        ["sign-in", [none, right], {}, /has no share none/, /`holdfast shares/],
        ["sign-in", [guest], {}, /refuses data without a user/, /look at user/],
        ["list", [`${samba.url}/none`, right], {}, /is not there/, /correct the path/],
        ["list", [`${samba.url}/closed`, right], {}, /closed may not be read as/, /the right to/],
        ["read", [`${samba.url}/held`, right], {}, /file: EBUSY: locked/, /close the program/],
      ];
      for (const [step, [url, file], env, text, hint] of failures) {
        const login = file === undefined ? [] : ["--password-file", file];
        const [code, found] = await steps({ ...place, env: { ...place.env, ...env } }, [
          ...[url, ...login],
        ]);
        const last = found.at(-1)!;
        assert.deepEqual([code, last.step, last.ok], [1, step, false], JSON.stringify(last));
        assert.deepEqual(found.map((one) => one.step), ALL.slice(0, ALL.indexOf(step) + 1));
        assert.match(last.text, text);
        assert.match(last.hint, hint);
      }
      await held.release();
    },
    { signing, share: Deno.uid() === 0 ? ["force user = nobody"] : [] },
  );
}

test("a server that hangs is told at the step of the protocol", async (place, samba) => {
  const login = ["--password-file", passwordFile(place, samba.password)];
  samba.freeze();
  const [code, found] = await steps(place, [samba.url, ...login]);
  samba.resume();
  const { step, text, hint } = found.at(-1)!;
  assert.deepEqual([code, step, text], [1, "protocol", "it does not answer"]);
  assert.match(hint, /look whether the server is on/);
});

test("a server that speaks SMB1 only is told at the step of the protocol", async (place, samba) => {
  const login = ["--password-file", passwordFile(place, samba.password)];
  const [code, found] = await steps(place, [samba.url, ...login]);
  const { step, text, hint } = found.at(-1)!;
  assert.deepEqual([code, step, text], [1, "protocol", "it speaks no SMB2"]);
  assert.match(hint, /turn on SMB2/);
}, { config: ["server max protocol = NT1", "server min protocol = NT1"] });
