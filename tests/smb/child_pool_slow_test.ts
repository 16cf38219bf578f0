/** Children and their calls against real Samba, with its defaults, signing and encryption demanded. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { isKind } from "../../src/core/error.ts";
import { unpackStat } from "../../src/core/stat_record.ts";
import type { SmbChild } from "../../src/smb/child_process.ts";
import { withListed } from "../../src/smb/entry_record.ts";
import { listFolder, readRemote, statOf } from "../../src/smb/share_calls.ts";
import { freePort } from "../servers/free_port.ts";
import { type Samba, SIGNING } from "../../scripts/samba_server.ts";
import { sambaFor } from "../servers/samba.ts";
import { holdFile } from "../servers/smb_lock.ts";
import { entriesOf, run, shell } from "../sources/tree_tools.ts";
import { childProcesses, withPool, withSamba } from "./share_fixture.ts";

const names = [
  ...["plain", "umlaut-ä", "nfc-\u00e9", "nfd-e\u0301", "漢字", "emoji-😀", "100% #1!.txt"],
  ...["with space", "semi;colon@at", "'quoted'", "~tilde", "x".repeat(200)],
];

function everyServer(name: string, use: (samba: Samba) => Promise<void>): void {
  for (const signing of SIGNING) {
    const title = `${signing} server: ${name}`;
    Deno.test(title, async () => await withSamba(await sambaFor(title, { signing }), use));
  }
}

function withServer(name: string, use: (samba: Samba) => Promise<void>): void {
  Deno.test(name, async () => await withSamba(await sambaFor(name), use));
}

function five() {
  return { offset: 0, into: new Uint8Array(5) };
}

function listShare(child: SmbChild) {
  return listFolder(child, ["data"]);
}

everyServer("lists with times of 100 ns, and reads by the listed names", (samba) => {
  for (const name of names) Deno.writeTextFileSync(`${samba.data}/${name}`, name);
  shell(samba.data, "mkdir sub; touch -d '2001-02-03 04:05:06.123456789Z' sub/old");
  return withPool(samba, async (pool) => {
    const { listing, record } = await pool.use(listShare);
    const listed = entriesOf(listing);
    assert.deepEqual(new Set(listed.map(({ name }) => name)), new Set([...names, "sub"]));
    assert.equal(unpackStat(record!).type, "folder");
    for (const { name, stat } of listed) {
      if (name === "sub") continue;
      const info = Deno.statSync(`${samba.data}/${name}`);
      assert.equal(stat.mtime / 1_000_000n, BigInt(info.mtime!.getTime()));
      assert.equal(stat.size, BigInt(info.size));
      const path = ["data", name];
      const into = new Uint8Array(info.size);
      const whole = await pool.use((child) => readRemote(child, path, { offset: 0, into }));
      assert.equal(new TextDecoder().decode(into), name);
      assert.equal(unpackStat(whole.record).fileId, stat.fileId);
    }
    const [old] = entriesOf(
      (await pool.use((child) => listFolder(child, ["data", "sub"]))).listing,
    );
    assert.equal(old.stat.mtime, 981_173_106_123_456_700n);
  });
});

everyServer("reads ranges of a large file to the byte, and less behind its end", (samba) => {
  const content = new Uint8Array(9 * 1024 * 1024 + 7).map((_, i) => i * 31 >> 5);
  Deno.writeFileSync(`${samba.data}/large`, content);
  return withPool(samba, async (pool) => {
    const path = ["data", "large"];
    const most = 8 * 1024 * 1024;
    for (
      const [offset, length] of [[0, most], [most, most], [1, 3], [content.length, 10], [5, 0]]
    ) {
      const into = new Uint8Array(length);
      const read = await pool.use((child) => readRemote(child, path, { offset, into }));
      const expected = content.subarray(offset, offset + length);
      assert.ok(Buffer.from(expected).equals(into.subarray(0, read.length)));
      assert.equal(unpackStat(read.record).size, BigInt(content.length));
    }
  });
});

everyServer(
  "a wrong password, a wrong share and a missing folder are told apart",
  async (samba) => {
    await withPool(samba, async (pool) => {
      await assert.rejects(pool.use(listShare), /EACCES/);
    }, { login: { password: "wrong" } });
    await withPool(samba, async (pool) => {
      await assert.rejects(pool.use((child) => listFolder(child, ["none"])), /ENOENT/);
      await assert.rejects(
        pool.use((child) => listFolder(child, ["data", "none"])),
        /none: ENOENT/,
      );
      Deno.writeTextFileSync(`${samba.data}/file`, "");
      await assert.rejects(pool.use((child) => listFolder(child, ["data", "file"])), /ENOTDIR/);
      assert.equal((await pool.use(listShare)).listing.count, 1);
    });
  },
);

withServer("the record of a stat is the listing's, with what only that tells", (samba) => {
  shell(samba.data, "echo x > plain; echo x > marked; mkdir sub");
  const login = `${samba.user}%${samba.password}`;
  const { success } = new Deno.Command("smbclient", {
    args: [
      ...["-p", String(samba.port), "-U", login, `//${samba.host}/${samba.share}`],
      ...["-c", "setmode marked +rhsa; setmode sub +h"],
    ],
  }).outputSync();
  assert.ok(success);
  return withPool(samba, async (pool) => {
    const { listing } = await pool.use(listShare);
    const found = entriesOf(listing).map(({ name, stat }) => [name, stat.dos, stat.mode]);
    assert.deepEqual(found, [["marked", 0x27, 0o444], ["plain", 0, 0o644], ["sub", 2, 0o755]]);
    for (const [i, { name, stat }] of entriesOf(listing).entries()) {
      const listed = listing.stats.slice(i * 64, i * 64 + 64);
      const looked = await pool.use((child) => statOf(child, ["data", name]));
      assert.deepEqual(withListed(looked, listed), listed);
      assert.equal(unpackStat(withListed(looked, undefined)).birth, 0n);
      assert.notEqual(stat.birth, 0n);
    }
  });
});

everyServer("a name that Windows cannot have is listed and read by its short form", (samba) => {
  Deno.writeTextFileSync(`${samba.data}/a:b`, "colon");
  return withPool(samba, async (pool) => {
    const [{ name }] = entriesOf((await pool.use(listShare)).listing);
    assert.match(name, /^A[A-Z0-9]+~[A-Z0-9]+$/);
    const { length } = await pool.use((child) => readRemote(child, ["data", name], five()));
    assert.equal(length, 5);
  });
});

everyServer("a locked file is an entry error that says so", async (samba) => {
  Deno.writeTextFileSync(`${samba.data}/open.pst`, "mails");
  const held = await holdFile(samba, "open.pst");
  const path = ["data", "open.pst"];
  await withPool(samba, async (pool) => {
    await assert.rejects(pool.use((child) => readRemote(child, path, five())), (error) => {
      assert.ok(isKind(error, "entry"));
      assert.match(error.message, /^cannot open open\.pst: EBUSY: locked by another program$/);
      return true;
    });
    await held.release();
    // The server notices the end of the connection in its own time.
    for (let tries = 0; tries < 100; tries++) {
      const read = pool.use((child) => readRemote(child, path, five())).catch(() => undefined);
      if ((await read)?.length === 5) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail("it stays locked");
  });
});

everyServer("work goes on where the server was killed and started again", (samba) => {
  Deno.writeTextFileSync(`${samba.data}/file`, "x");
  return withPool(samba, async (pool) => {
    assert.equal((await pool.use(listShare)).listing.count, 1);
    await samba.kill();
    const later = pool.use(listShare);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await samba.start();
    assert.equal((await later).listing.count, 1);
  });
});

withServer("work goes on where a child dies, and is done from its start", (samba) => {
  Deno.writeTextFileSync(`${samba.data}/file`, "x");
  return withPool(samba, async (pool) => {
    let tries = 0;
    const done = await pool.use(async (child) => {
      tries++;
      const { listing } = await listShare(child);
      if (tries === 1) {
        for (const pid of childProcesses()) Deno.kill(pid, "SIGKILL");
        await listShare(child);
      }
      return listing.count;
    });
    assert.deepEqual([done, tries], [1, 2]);
  });
});

everyServer("a server that hangs ends the wait, and is tried again when it goes on", (samba) => {
  Deno.writeTextFileSync(`${samba.data}/file`, "x");
  return withPool(samba, async (pool) => {
    const path = ["data", "file"];
    await pool.use((child) => statOf(child, path));
    samba.freeze();
    const later = pool.use((child) => statOf(child, path));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    samba.resume();
    assert.equal(unpackStat(await later).size, 1n);
  }, { watchdog: 1000 });
});

everyServer("a server that stays away ends the work with kind unreachable", async (samba) => {
  await withPool(samba, async (pool) => {
    await pool.use(listShare);
    await samba.kill();
    for (let tries = 0; tries < 2; tries++) {
      await assert.rejects(pool.use(listShare), (error) => isKind(error, "unreachable"));
    }
  }, { patience: 500 });
  const elsewhere = { ...samba, port: freePort() };
  await withPool(elsewhere, async (pool) => {
    await assert.rejects(pool.useOnce(listShare), (error) => {
      assert.ok(isKind(error, "unreachable"));
      assert.match(error.message, /ECONNREFUSED/);
      return true;
    });
  });
});

withServer("as many children work as there may be connections, where there is work", (samba) => {
  return withPool(samba, async (pool) => {
    let most = 0;
    await Promise.all(Array.from({ length: 8 }, () =>
      pool.use(async (child) => {
        // The first ones wait for the others, so that all are needed.
        for (let tries = 0; most < 3 && tries < 600; tries++) {
          await listShare(child);
          most = Math.max(most, childProcesses().length);
        }
      })));
    assert.equal(most, 3);
    assert.equal(childProcesses().length, 3);
  }, { connections: 3 });
});

for (const line of ["server smb encrypt = off", "server max protocol = SMB2_10"]) {
  const title = `encryption that is demanded is refused where there is none: ${line}`;
  Deno.test(
    title,
    async () =>
      await withSamba(
        await sambaFor(title, { config: [line] }),
        (samba) =>
          withPool(samba, async (pool) => {
            await assert.rejects(pool.use(listShare), (error) => {
              assert.ok(isKind(error, "denied"));
              assert.match(error.message, /does not encrypt .* smb_encryption = "required"/);
              return true;
            });
          }, { login: { encryption: "required" } }),
      ),
  );
}

everyServer("encryption that is demanded is had", (samba) => {
  Deno.writeTextFileSync(`${samba.data}/file`, "x");
  return withPool(samba, async (pool) => {
    assert.equal((await pool.use(listShare)).listing.count, 1);
    const status = run("smbstatus", ["-s", `${samba.data}/../smb.conf`]);
    assert.match(status, /^data .*AES-128-GCM/m);
  }, { login: { encryption: "required" } });
});

withServer("an interrupted run waits for nothing", (samba) => {
  const controller = new AbortController();
  return withPool(samba, async (pool) => {
    await samba.kill();
    const waiting = pool.use(listShare);
    setTimeout(() => controller.abort(new Error("stop")), 300);
    await assert.rejects(waiting, /stop/);
  }, { signal: controller.signal });
});
