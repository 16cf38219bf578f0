import { join } from "node:path";
import { mustRun } from "../command.ts";
import type { Contender, Place } from "./contender.ts";
import { holdfast, holdfastCommand } from "./holdfast.ts";
import type { Command } from "./measure.ts";
import type { Packer } from "./packer.ts";
import { installed, kopia, kopiaCommand, restic } from "./peers.ts";
import { credentials, region } from "./server.ts";

/** The other tools that make packs, of which a program lies in `folder`. */
export async function installedPackers(folder: string): Promise<Packer[]> {
  return await installed(folder, [
    { name: "restic", make: (...tool) => packer(restic(...tool)) }, // compresses by itself
    { name: "kopia", ask: "--version", make: compressingKopia },
    { name: "rustic", ask: "--version", make: rustic }, // compresses by itself
  ]);
}

/** An identity, and whom it is encrypted for. */
export interface PackKey {
  readonly file: string;
  readonly recipient: string;
}

export async function newPackKey(start: readonly string[], folder: string): Promise<PackKey> {
  const file = join(folder, "bench.identity");
  const said = await mustRun([...start, "key", "generate", "--output", file]);
  return { file, recipient: said.trim() };
}

export function holdfastPacker(name: string, start: readonly string[], key: PackKey): Packer {
  const layout = ["--layout", "pack", "--recipient", key.recipient];
  return {
    ...packer(holdfast(name, "", start, layout)),
    own: {
      restore: (place, to) =>
        holdfastCommand(start, place, ["restore"], ["--to", to, "--identity", key.file]),
      knowledge: ["repository/.holdfast/log", "repository/.holdfast/index"],
    },
  };
}

function packer({ name, version, prepare, first }: Contender): Packer {
  return { name, version, prepare, backup: first };
}

/** It encrypts by itself, and compresses what a policy says. */
function compressingKopia(program: string, version: string): Packer {
  const { prepare, ...rest } = packer(kopia(program, version));
  const policy = ["policy", "set", "--global", "--compression", "zstd"];
  return {
    ...rest,
    prepare: (place, source) => [...prepare(place, source), kopiaCommand(program, place, policy)],
  };
}

function rustic(program: string, version: string): Packer {
  const command = ({ host, bucket, scratch }: Place, ...args: string[]): Command => ({
    argv: [program, "--no-progress", "--log-level", "warn", ...args],
    env: {
      HOME: scratch,
      RUSTIC_REPOSITORY: "opendal:s3",
      RUSTIC_PASSWORD: "bench",
      RUSTIC_CACHE_DIR: join(scratch, "rustic-cache"),
      OPENDAL_BUCKET: bucket,
      OPENDAL_ENDPOINT: `http://${host}`,
      OPENDAL_REGION: region,
      OPENDAL_ACCESS_KEY_ID: credentials.AWS_ACCESS_KEY_ID,
      OPENDAL_SECRET_ACCESS_KEY: credentials.AWS_SECRET_ACCESS_KEY,
    },
  });
  return {
    ...{ name: "rustic", version },
    prepare: (place) => [command(place, "init")],
    backup: (place, source) => command(place, "backup", source),
  };
}
