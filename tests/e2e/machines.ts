/** Machines that have one job: each with a host name, a config, a source and a database of its own. */
import { shell } from "../sources/tree_tools.ts";
import { freshBucket } from "./each_store.ts";
import { type HeldServer, startHeldServer } from "./held_server.ts";
import { mustEnd, type Place } from "./holdfast.ts";
import { type JobOptions, makeSmallTree, s3Job, settle, withPlace } from "./place.ts";
import type { S3Server } from "../servers/s3_server.ts";

export interface Machine extends Place {
  readonly source: string;
  /** In front of its commands, with its host's name. */
  readonly before: readonly string[];
}

export interface Machines {
  readonly folder: string;
  readonly bucket: string;
  /** Has made the job, and one backup of it; its requests can be held. */
  readonly one: Machine;
  readonly held: HeldServer;
  /** Has the config, an equal source, and nothing else; speaks to the server directly. */
  readonly two: Machine;
  /** Another one of these. */
  other(name: string): Machine;
}

/** UTS namespaces give each process a host name; where there are none, all have the same. */
const CAN_NAME = canName();

function canName(): boolean {
  try {
    return new Deno.Command("unshare", { args: ["-u", "hostname", "desk"] }).outputSync().success;
  } catch {
    return false;
  }
}

function machine(place: Place, name: string, source: string): Machine {
  const named = ["unshare", "-u", "sh", "-c", 'hostname "$0" && exec "$@"', name];
  return { ...place, source, before: CAN_NAME ? named : [] };
}

/** `holdfast` on a machine, which must end with this exit code. */
export function on(machine: Machine, code: number, args: readonly string[]) {
  return mustEnd(code, machine, args, { before: machine.before });
}

export async function withMachines(
  server: S3Server,
  use: (machines: Machines) => Promise<void>,
  { versioning = false, ...options }: JobOptions & { readonly versioning?: boolean } = {},
): Promise<void> {
  const held = startHeldServer(server.endpoint);
  try {
    await withPlace(async (empty) => {
      const { folder } = empty;
      const bucket = await freshBucket(server, { versioning });
      makeSmallTree(`${folder}/src`);
      await settle();
      const through = { ...server, endpoint: held.endpoint };
      const one = machine(await s3Job(empty, through, bucket, options), "desk", `${folder}/src`);
      await on(one, 0, ["backup"]);
      const other = (name: string): Machine => {
        const source = `${folder}/${name}-src`;
        shell(folder, `cp -a src ${name}-src`);
        const config = `${folder}/${name}.toml`;
        const text = Deno.readTextFileSync(one.config)
          .replaceAll(held.endpoint, server.endpoint).replaceAll(`${folder}/src`, source);
        Deno.writeTextFileSync(config, text);
        return machine({ ...one, config, state: `${folder}/${name}/job.db` }, name, source);
      };
      await use({ folder, bucket, one, held, two: other("laptop"), other });
    });
  } finally {
    await held.stop();
  }
}

/** Changes a machine's source; what it finds is settled. */
export async function edit({ source }: Machine, script: string): Promise<void> {
  shell(source, script);
  await settle();
}
