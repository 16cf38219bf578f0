/** A pool of children for a test's Samba server. */
import { fileURLToPath } from "node:url";
import { childPool, type PoolOptions, type SmbPool } from "../../src/smb/child_pool.ts";
import type { ChildCommand } from "../../src/smb/child_process.ts";
import { SMB_CHILD_WORD } from "../../src/smb/child_word.ts";
import type { SmbLogin } from "../../src/smb/client_session.ts";
import type { Samba } from "../../scripts/samba_server.ts";

/** In the command line of the children of this test file: others run in the same process. */
const MARK = crypto.randomUUID();

/** The program itself, as `deno run` starts it. */
export const testChild: ChildCommand = {
  program: Deno.execPath(),
  args: [
    ...["run", "--allow-all", "--no-check"],
    fileURLToPath(new URL("../../src/main.ts", import.meta.url)),
    SMB_CHILD_WORD,
    MARK,
  ],
};

/** Process ids of the children of this test file that read shares. */
export function childProcesses(): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes(MARK);
    } catch {
      // It is no process, or has ended by itself.
      return false;
    }
  });
}

export function loginOf(samba: Samba, login: Partial<SmbLogin> = {}): SmbLogin {
  const { host, port, user, password } = samba;
  return {
    ...{ host, port, user, password, domain: "", kerberos: false, encryption: "negotiated" },
    ...{ timeout: 20_000, ...login },
  };
}

/** Calls `use` with a pool that is closed afterwards. */
export async function withPool(
  samba: Samba,
  use: (pool: SmbPool) => Promise<void>,
  options: Partial<Omit<PoolOptions, "login">> & { readonly login?: Partial<SmbLogin> } = {},
): Promise<void> {
  const pool = childPool({
    ...{ command: testChild, connections: 2, watchdog: 60_000, patience: 30_000 },
    signal: new AbortController().signal,
    ...options,
    login: loginOf(samba, options.login),
  });
  try {
    await use(pool);
  } finally {
    await pool.close();
  }
}

/** Calls `use` with a server that is stopped afterwards; not where there is none. */
export async function withSamba(
  samba: Samba | undefined,
  use: (samba: Samba) => Promise<void>,
): Promise<void> {
  if (samba === undefined) return;
  try {
    await use(samba);
  } finally {
    await samba.stop();
  }
}
