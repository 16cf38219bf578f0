import { mustRun } from "../command.ts";

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Record<string, string>;
  /** Exit code that it must end with, 0 by default. */
  readonly ends?: number;
}

export interface Measured {
  /** Seconds from start to end. */
  readonly wall: number;
  /** User and system seconds of the process and the children it waited for. */
  readonly cpu: number;
  /** Largest resident set of any one of them, bytes. */
  readonly rss: number;
}

// GNU time is not everywhere, and a Deno parent would lend its own resident set to the child's.
const wrapper = `
import json, os, subprocess, sys, time
spec = json.loads(sys.argv[1])
with open(spec["output"], "wb") as output:
    start = time.monotonic()
    child = subprocess.Popen(spec["argv"], env={**os.environ, **spec["env"]},
                             stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "wall": wall,
                  "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss * 1024}))
`;

/** Runs a command to its end; throws with its output where the exit code is another one. Linux only. */
export async function measure({ argv, env = {}, ends = 0 }: Command): Promise<Measured> {
  const output = await Deno.makeTempFile({ prefix: "holdfast-bench-" });
  try {
    const spec = JSON.stringify({ argv, env, output });
    const result = JSON.parse(await mustRun(["python3", "-c", wrapper, spec]));
    if (result.code !== ends) {
      const said = (await Deno.readTextFile(output)).slice(-4000);
      throw new Error(`${argv.join(" ")} ended with exit code ${result.code}\n${said}`);
    }
    return { wall: result.wall, cpu: result.cpu, rss: result.rss };
  } finally {
    await Deno.remove(output);
  }
}
