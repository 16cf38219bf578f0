/** The peak of resident memory in MiB, of the process and of the largest of its children, while it runs. */
export async function watchMemory(
  child: Deno.ChildProcess,
): Promise<{ readonly parent: number; readonly child: number }> {
  const peak = { parent: 0, child: 0 };
  let ended = false;
  child.status.then(() => (ended = true));
  while (!ended) {
    peak.parent = Math.max(peak.parent, peakOf(child.pid));
    const command = commandOf(child.pid);
    for (const pid of childrenOf(child.pid)) {
      // Between fork and exec it has its parent's memory.
      if (commandOf(pid) !== command) peak.child = Math.max(peak.child, peakOf(pid));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return peak;
}

function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function commandOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  } catch {
    return "";
  }
}

/** Direct children; none where it has ended. Linux only. */
export function childrenOf(pid: number): number[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ")
      .filter((text) => text !== "").map(Number);
  } catch {
    return [];
  }
}
