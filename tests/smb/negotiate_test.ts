import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { greet } from "../../src/smb/negotiate.ts";
import { freePort } from "../servers/free_port.ts";
import { sambaFor } from "../servers/samba.ts";
import { withSamba } from "./share_fixture.ts";

for (
  const [version, dialect] of [["SMB2_02", "2.0.2"], ["SMB3_02", "3.0.2"], ["SMB3_11", "3.1.1"]]
) {
  const name = `a server that speaks up to ${version} says ${dialect}, and the time`;
  Deno.test(name, async () => {
    const config = [`server max protocol = ${version}`, "server signing = mandatory"];
    await withSamba(await sambaFor(name, { config }), async (samba) => {
      const { time, ...greeting } = await greet(samba, 10_000);
      const encrypts = version !== "SMB2_02";
      assert.deepEqual(greeting, { dialect, signing: "required", encrypts });
      assert.ok(Math.abs(Number(time / 1_000_000n) - Date.now()) < 60_000);
    });
  });
}

const OFF = "a server that does not encrypt says so";
Deno.test(OFF, async () => {
  await withSamba(await sambaFor(OFF, { config: ["server smb encrypt = off"] }), async (samba) => {
    const { dialect, encrypts } = await greet(samba, 10_000);
    assert.deepEqual([dialect, encrypts], ["3.1.1", false]);
  });
});

/** A server that answers with these bytes, or not at all. */
async function withStub(answer: Uint8Array | undefined, use: (port: number) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(1024));
    if (answer === undefined) return connection;
    await connection.write(answer);
    connection.close();
  })();
  try {
    await use(listener.addr.port);
  } finally {
    listener.close();
    (await serving)?.close();
  }
}

Deno.test("what speaks no SMB2, says nothing, or is not there is told apart", async () => {
  const smb1 = new Uint8Array(40);
  smb1.set([0, 0, 0, 36, 0xff, 0x53, 0x4d, 0x42]);
  await withStub(smb1, async (port) => {
    await assert.rejects(greet({ host: "127.0.0.1", port }, 10_000), (error) => {
      return isKind(error, "refused") && error.message === "it speaks no SMB2";
    });
  });
  await withStub(undefined, async (port) => {
    await assert.rejects(greet({ host: "127.0.0.1", port }, 200), /it does not answer/);
  });
  await assert.rejects(greet({ host: "127.0.0.1", port: freePort() }, 10_000), (error) => {
    return isKind(error, "unreachable");
  });
});
