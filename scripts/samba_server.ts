/** A Samba server for tests and the bench: folders of its own, a free port on loopback, one user. */
import { userInfo } from "node:os";
import { join } from "node:path";

export const SIGNING = ["default", "signed", "encrypted"] as const;
/** What the server demands: nothing, signed packets, encrypted packets. */
export type Signing = (typeof SIGNING)[number];

export interface SambaOptions {
  readonly signing?: Signing;
  /** The port; a free one by default. */
  readonly port?: number;
  /** Unknown users are guests, who may do what the user may. */
  readonly guests?: boolean;
  /** Lines of the section [global]; `{data}` stands for the share's folder. */
  readonly config?: readonly string[];
  /** Lines of the share's section; likewise. */
  readonly share?: readonly string[];
}

export interface Samba {
  readonly host: string;
  readonly port: number;
  /** Of the only share, whose folder is `data`. */
  readonly share: string;
  readonly data: string;
  readonly user: string;
  readonly password: string;
  /** The URL of the share without a password. */
  readonly url: string;
  /** Stops all its processes where they are (SIGSTOP); `resume` lets them go on. */
  freeze(): void;
  resume(): void;
  /** Ends all its processes at once (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Ends it and removes its folders. */
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const share = "data";
const password = "pass word%\u00e9";

/** smbd is where only root looks for programs. */
function findProgram(name: string): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, name)).find((file) => {
    try {
      return Deno.statSync(file).isFile;
    } catch {
      return false;
    }
  });
}

/** The first of the programs that is needed and not installed. */
export function missingSambaProgram(): string | undefined {
  return ["smbd", "smbpasswd"].find((program) => findProgram(program) === undefined);
}

/** A running server. Throws where it is not installed. */
export async function startSamba(options: SambaOptions = {}): Promise<Samba> {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-samba-" });
  const port = options.port ?? freePort();
  const user = userName();
  const data = join(folder, "data");
  for (const name of ["data", "lock", "state", "cache", "pid", "private", "rpc"]) {
    Deno.mkdirSync(join(folder, name));
  }
  const file = join(folder, "smb.conf");
  Deno.writeTextFileSync(file, configText(folder, port, options));
  await addUser(file, user);
  let server = await startServer(file, port);
  return {
    ...{ host: HOST, port, share, data, user, password },
    url: `smb://${user}@${HOST}${port === 445 ? "" : `:${port}`}/${share}`,
    freeze: () => signalAll(server.pid, "SIGSTOP"),
    resume: () => signalAll(server.pid, "SIGCONT"),
    kill: () => server.end(),
    async start() {
      server = await startServer(file, port);
    },
    async stop() {
      await server.end();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

async function addUser(config: string, user: string): Promise<void> {
  const child = new Deno.Command(findProgram("smbpasswd")!, {
    args: ["-c", config, "-L", "-a", "-s", user],
    ...{ stdin: "piped", stdout: "null", stderr: "null" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${password}\n${password}\n`));
  await writer.close();
  if (!(await child.status).success) throw new Error("smbpasswd cannot add the user");
}

function userName(): string {
  return userInfo().username;
}

/** A TCP port that nobody listened on a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

function configText(
  folder: string,
  port: number,
  { signing = "default", guests = false, config = [], share: shareLines = [] }: SambaOptions,
): string {
  const demands = {
    default: [],
    signed: ["server signing = mandatory"],
    encrypted: ["smb encrypt = required"],
  };
  const lines = [
    "[global]",
    "server role = standalone server",
    "workgroup = TESTS",
    `smb ports = ${port}`,
    `interfaces = ${HOST}`,
    "bind interfaces only = yes",
    "disable netbios = yes",
    "load printers = no",
    "printcap name = /dev/null",
    "disable spoolss = yes",
    `lock directory = ${folder}/lock`,
    `state directory = ${folder}/state`,
    `cache directory = ${folder}/cache`,
    `pid directory = ${folder}/pid`,
    `private dir = ${folder}/private`,
    `ncalrpc dir = ${folder}/rpc`,
    `log file = ${folder}/log`,
    "log level = 0",
    ...demands[signing],
    ...(guests ? ["map to guest = Bad User", `guest account = ${userName()}`] : []),
    ...config,
    `[${share}]`,
    `path = ${folder}/data`,
    "read only = no",
    ...(guests ? ["guest ok = yes"] : []),
    ...shareLines,
  ];
  return lines.map((line) => `${line}\n`).join("").replaceAll("{data}", `${folder}/data`);
}

interface Running {
  readonly pid: number;
  end(): Promise<void>;
}

const LONGEST_START_MS = 30_000;

async function startServer(file: string, port: number): Promise<Running> {
  const child = new Deno.Command(findProgram("smbd")!, {
    args: ["-F", "--no-process-group", "-s", file],
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  let ended = false;
  const status = child.status.then(() => (ended = true));
  const kill = () => {
    if (!ended) signalAll(child.pid, "SIGKILL");
  };
  // Also where a test ends this process without stopping what it started.
  globalThis.addEventListener("unload", kill);
  const end = async () => {
    kill();
    await status;
    globalThis.removeEventListener("unload", kill);
  };
  for (const deadline = Date.now() + LONGEST_START_MS; !await listens(port);) {
    if (ended || Date.now() > deadline) {
      await end();
      throw new Error(`smbd did not start: ${file}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { pid: child.pid, end };
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: HOST, port })).close();
    return true;
  } catch {
    return false;
  }
}

/** The server has a process for each connection, below its first one. */
function signalAll(pid: number, signal: Deno.Signal): void {
  for (const one of [pid, ...childrenOf(pid)]) {
    try {
      Deno.kill(one, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function childrenOf(pid: number): number[] {
  const below: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      if (parent === pid) below.push(Number(name), ...childrenOf(Number(name)));
    } catch {
      // It has ended by itself.
    }
  }
  return below;
}
