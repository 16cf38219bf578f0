/** Shares on the command line. */
import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/main_program.ts";
import { fakeRunner } from "./fake_runner.ts";
import { fakeSystem } from "./fake_system.ts";

async function run(args: string) {
  const system = fakeSystem({});
  try {
    const { runner, calls } = fakeRunner();
    const code = await runProgram(args.split(" "), runner, system);
    return { code, calls, err: system.err(), folder: system.folder };
  } finally {
    system.remove();
  }
}

async function refused(args: string, message: RegExp): Promise<void> {
  const { code, calls, err } = await run(args);
  assert.deepEqual([code, calls.length], [2, 0], `${args}: ${err}`);
  assert.match(err, message);
}

Deno.test("sync and backup --to take shares, with a password file", async () => {
  const { calls, folder } = await run(
    "backup smb://ann@NAS/data/ b=/b --to s3://bucket/x --password-file pw",
  );
  const { sources } = calls[0].input.job;
  assert.deepEqual(sources.map(({ name, path }) => [name, path]), [
    ["data", "smb://ann@nas/data"],
    ["b", "/b"],
  ]);
  assert.deepEqual(sources[0].share?.login, { way: "password", file: `${folder}/pw` });
  await refused("sync smb://nas s3://bucket/x", /names a server and no share/);
  await refused("sync /a s3://bucket/x --password-file pw", /no meaning without a source smb/);
  await refused("backup --password-file pw", /--password-file has no meaning without --to/);
});

Deno.test("a restore to a share has its URL in one form", async () => {
  const { calls, folder } = await run(
    "restore --from s3://bucket/x --to smb://ann@NAS/data/back/ --password-file pw",
  );
  const { to, passwordFile } = calls[0].input.options;
  assert.deepEqual([to, passwordFile], ["smb://ann@nas/data/back", `${folder}/pw`]);
  await refused("restore --from s3://b/x --to smb://nas", /names a server and no share/);
  await refused(
    "restore --from s3://b/x --to /a --password-file p",
    /no meaning for a local folder/,
  );
});

Deno.test("shares and doctor take a URL and how to sign in", async () => {
  const { calls, folder } = await run("shares smb://ann@nas --password-file pw");
  const { share } = calls[0].input.options as { share: { login: unknown; place: object } };
  assert.deepEqual(share.login, { way: "password", file: `${folder}/pw` });
  const ticket = await run("doctor smb://nas/data --kerberos");
  const { login } = (ticket.calls[0].input.options as { share: { login: unknown } }).share;
  assert.deepEqual([ticket.calls[0].method, login], ["doctor", { way: "kerberos" }]);
  const guest = await run("shares smb://nas");
  const options = guest.calls[0].input.options as { share: { login: unknown } };
  assert.deepEqual(options.share.login, { way: "guest" });
  await refused("shares smb://ann@nas/data", /data is a share already/);
  await refused("shares nas", /not an SMB URL/);
  await refused("doctor smb://ann:pw@nas/data", /holds no password/);
  await refused("doctor smb://nas/data --kerberos --password-file p", /names one/);
});
