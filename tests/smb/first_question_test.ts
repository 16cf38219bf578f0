/** What is asked of a new child first is sent together with the login. */
import assert from "node:assert/strict";
import { childPool, type SmbPool } from "../../src/smb/child_pool.ts";
import type { SmbAnswer, SmbChild } from "../../src/smb/child_process.ts";
import type { SmbQuestion } from "../../src/smb/frame.ts";
import { statOf } from "../../src/smb/share_calls.ts";

interface FakeChild extends SmbChild {
  readonly asked: SmbQuestion["ask"][];
  hasEnded: boolean;
}

/** Answers a login when the promise does, and all else at once. */
function fakeChild(login: Promise<SmbAnswer["said"]>, other: SmbAnswer["said"]): FakeChild {
  const asked: SmbQuestion["ask"][] = [];
  return {
    asked,
    hasEnded: false,
    startedAt: performance.now(),
    async ask({ ask }) {
      asked.push(ask);
      return { data: [], said: ask === "login" ? await login : other };
    },
    isDead: () => false,
    end() {
      this.hasEnded = true;
      return Promise.resolve();
    },
  };
}

function poolOf(begun: SmbChild): SmbPool {
  return childPool({
    login: {
      ...{ host: "nowhere", port: 445, user: "ann", password: "", domain: "", kerberos: false },
      ...{ encryption: "negotiated", timeout: 1000 },
    },
    // Nothing but the child that was begun is to be asked.
    command: { program: "/dev/null", args: [] },
    ...{ connections: 1, watchdog: 1000, patience: 0, signal: new AbortController().signal, begun },
  });
}

Deno.test("the first question does not wait for the answer to the login", async () => {
  const login = Promise.withResolvers<SmbAnswer["said"]>();
  const child = fakeChild(login.promise, { record: "07" });
  const pool = poolOf(child);
  let isDone = false;
  const found = pool.use((child) => statOf(child, ["data"])).finally(() => isDone = true);
  assert.deepEqual(child.asked, ["login"], "at once");
  while (child.asked.length < 2) await Promise.resolve();
  assert.deepEqual([child.asked, isDone], [["login", "stat"], false]);
  login.resolve({ text: "4.17.12" });
  assert.deepEqual(await found, new Uint8Array([7]));
  await pool.close();
});

Deno.test("where a child cannot be set up that is the error, and the child is ended", async () => {
  const child = fakeChild(
    Promise.resolve({ message: "libsmbclient is not installed", hint: "install it" }),
    { message: "no login was sent" },
  );
  const pool = poolOf(child);
  await assert.rejects(pool.use((child) => statOf(child, ["data"])), /is not installed/);
  assert.equal(child.hasEnded, true);
  await pool.close();
});
