import { cpus, release, totalmem } from "node:os";

/** One line about where the figures were measured. */
export function machineLine(): string {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  const cpu = cores[0]?.model.trim() || "unknown CPU";
  return `${date}, ${cores.length} cores (${cpu}), ${memory} GiB memory, Linux ${
    release().split("-")[0]
  }`;
}
