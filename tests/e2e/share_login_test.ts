/** Signing in at a share in each way that there is, and what becomes of the password. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { childrenOf } from "../../scripts/resident_memory.ts";
import type { Samba } from "../../scripts/samba_server.ts";
import { hasCommand, run, shell, skip } from "../sources/tree_tools.ts";
import { endOf, holdfast, holdfastJson, mustEnd, startHoldfast, totalsOf } from "./holdfast.ts";
import { addConfig, editConfig, initJob } from "./place.ts";
import { everyServer, makeOld, shareJob, shareTest, smbclient, tellsSecret } from "./share_job.ts";

shareTest(
  "a password comes from an environment variable, too, and a guest has none",
  async (empty, samba) => {
    shell(samba.data, "echo x > file");
    const url = `smb://${samba.host}:${samba.port}/${samba.share}`;
    const sources = [`own=${samba.url}`, `guest=${url}`];
    await initJob(empty, [`file://${empty.folder}/store`], { sources });
    editConfig(empty, `path = "${samba.url}"`, `path = "${samba.url}", password_env = "NAS"`);
    addConfig(empty, ["smb_connections = 2"]);
    const ended = await holdfastJson(empty, ["backup"], { env: { NAS: samba.password } });
    assert.deepEqual([ended.code, totalsOf(ended.records).entries], [0, 2], ended.said);
    assert.deepEqual(tellsSecret(empty, samba, ended), []);
  },
  { guests: true },
);

const ASKED = "a password is asked for at the terminal, once, and is not shown";
shareTest(ASKED, async (empty, samba) => {
  if (!hasCommand(ASKED, "script")) return;
  shell(samba.data, "mkdir a b; echo x > a/file; echo y > b/file");
  makeOld(samba.data);
  const sources = ["a", "b"].map((name) => `${name}=${samba.url}/${name}`);
  await initJob(empty, [`file://${empty.folder}/store`], { sources });
  // A shell between script(1) and the executable would have to be quoted for.
  const before = ["sh", "-c", 'export RUN="$*"; exec script -qefc "exec \\$RUN" /dev/null', "sh"];
  const child = await startHoldfast(empty, ["backup"], { before, stdin: "" });
  const prompt = `password of ${samba.user} at ${samba.host}`;
  const keyboard = child.stdin.getWriter();
  let screen = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const isAsked = screen.includes(prompt);
    screen += text;
    if (isAsked || !screen.includes(prompt)) continue;
    await keyboard.write(new TextEncoder().encode(`${samba.password}\r`));
  }
  await keyboard.close().catch(() => {});
  await child.stderr.cancel();
  assert.equal((await child.status).code, 0, screen);
  assert.equal(screen.split(prompt).length, 2, screen);
  assert.ok(!screen.includes(samba.password), screen);
  assert.equal(Deno.readTextFileSync(`${empty.folder}/store/b/file`), "y\n");
});

everyServer("nothing that others can look at has the password in it", async (empty, samba) => {
  makeWithStreams(samba);
  const place = await shareJob(empty, samba, { config: ["smb_streams = true"] });
  editConfig(place, /password_file = .*/, 'password_env = "NAS"');
  const env = { NAS: samba.password };
  const before = ["prlimit", "--core=unlimited", "--"];
  const child = await startHoldfast(place, ["backup"], { env, before });
  const seen = await watchProcesses(child);
  const ended = await endOf(child);
  assert.equal(ended.code, 0, ended.said);
  const commands = [...seen.values()].map(({ command }) => command).join("\n");
  assert.match(commands, /smb-child/);
  assert.match(commands, /smbclient.*-A/);
  for (const [pid, { command, environment, limits }] of seen) {
    assert.ok(!command.includes(samba.password), command);
    // The user gave it to the first process; no other has it.
    if (pid !== child.pid) assert.ok(!environment.includes(samba.password), environment);
    if (pid !== child.pid) assert.match(limits, /Max core file size +1 +1 /);
  }
  assert.deepEqual(tellsSecret(place, samba, ended), []);
});

shareTest("a crash leaves no core file behind", async (empty, samba) => {
  Deno.writeFileSync(`${samba.data}/large`, new Uint8Array(200 * 1024 * 1024));
  const place = await shareJob(empty, samba);
  const before = ["prlimit", "--core=unlimited", "--"];
  const child = await startHoldfast(place, ["backup"], { before });
  const pids = new Set<number>();
  for (let tries = 0; pids.size === 0 && tries < 1000; tries++) {
    for (const pid of childrenOf(child.pid)) pids.add(pid);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const pid of [...pids, child.pid]) Deno.kill(pid, "SIGABRT");
  assert.equal((await child.status).signal, "SIGABRT");
  await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  assert.equal(shell(place.folder, "find . -name '*core*'"), "");
});

for (const line of ["server smb encrypt = off", "server max protocol = SMB2_10"]) {
  shareTest(`smb_encryption = "required" refuses less: ${line}`, async (empty, samba) => {
    shell(samba.data, "echo x > file");
    const place = await shareJob(empty, samba, { config: ['smb_encryption = "required"'] });
    const refused = await holdfast(place, ["backup"]);
    assert.equal(refused.code, 1, refused.said);
    assert.match(refused.said, /does not encrypt .*smb_encryption = "required"/);
    const to = ["restore", "--to", `${samba.url}/back`];
    assert.match((await holdfast(place, to)).said, /does not encrypt|nothing was ever backed up/);
    editConfig(place, 'smb_encryption = "required"\n', "");
    await mustEnd(0, place, ["backup"]);
  }, { config: [line] });
}

everyServer('smb_encryption = "required" is had', async (empty, samba) => {
  shell(samba.data, "echo x > file");
  const place = await shareJob(empty, samba, { config: ['smb_encryption = "required"'] });
  await mustEnd(0, place, ["backup"]);
  await mustEnd(0, place, ["restore", "--to", `${samba.url}/back`]);
  assert.equal(Deno.readTextFileSync(`${samba.data}/back/file`), "x\n");
});

const TICKET = "a Kerberos ticket signs in, and nothing else does where it is asked for";
Deno.test(TICKET, () => {
  if (Deno.uid() !== 0) return skip(TICKET, "only root may make a network for a KDC and smbd");
  for (const command of ["/usr/sbin/krb5kdc", "/usr/sbin/kadmin.local", "/usr/bin/kinit"]) {
    if (!isFile(command)) return skip(TICKET, `${command} is not installed`);
  }
  if (!isFile("/usr/sbin/smbd")) return skip(TICKET, "smbd is not installed");
  const script = fileURLToPath(new URL("share_kerberos.ts", import.meta.url));
  const deno = [Deno.execPath(), "run", "-A", "--no-check", script];
  const line = 'ip link set lo up && exec "$@"';
  run("unshare", ["--net", "--mount", "sh", "-c", line, "sh", ...deno]);
});

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** So much that smbclient, which tells of streams, is seen at work. */
function makeWithStreams(samba: Samba): void {
  shell(samba.data, "mkdir many; cd many; seq 600 | xargs touch");
  makeOld(samba.data);
  smbclient(samba, "setmode many\\1 +h");
}

interface Watched {
  readonly command: string;
  readonly environment: string;
  readonly limits: string;
}

/** All processes below one, as anybody who may look sees them, as long as it runs. */
async function watchProcesses(child: Deno.ChildProcess): Promise<Map<number, Watched>> {
  const seen = new Map<number, Watched>();
  let ended = false;
  child.status.then(() => (ended = true));
  while (!ended) {
    for (const pid of [child.pid, ...childrenOf(child.pid)]) {
      const watched = look(pid);
      // Between fork and exec it is still a copy of its parent.
      const isCopy = pid !== child.pid && watched?.command === seen.get(child.pid)?.command;
      if (watched !== undefined && !isCopy) seen.set(pid, watched);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return seen;
}

function look(pid: number): Watched | undefined {
  const text = (name: string) =>
    Deno.readTextFileSync(`/proc/${pid}/${name}`).replaceAll("\0", " ");
  try {
    return { command: text("cmdline"), environment: text("environ"), limits: text("limits") };
  } catch {
    // It has ended by itself.
    return undefined;
  }
}
