/** A job whose every request passes a proxy that enforces a policy which `init --print-policy` printed. */
import assert from "node:assert/strict";
import type { Policy, Role } from "../../src/core/policy/role_policy.ts";
import { type PolicyProxy, startPolicyProxy } from "../servers/policy_proxy.ts";
import { freshBucketName, type S3Server } from "../servers/s3_server.ts";
import { type Ended, holdfast, mustEnd, type Place } from "./holdfast.ts";
import { initJob, type JobOptions, s3Repository, withServer } from "./place.ts";

export interface PolicedJob {
  readonly place: Place;
  readonly bucket: string;
  readonly proxy: PolicyProxy;
  readonly policies: Readonly<Record<Role, Policy>>;
  /** Runs a command with the rights of a role; nothing of it may be refused but what is named here. */
  as(role: Role, args: readonly string[], ended?: AsOptions): Promise<Ended>;
  /** The same with rights of one's own. */
  by(policy: Policy | undefined, args: readonly string[], ended?: AsOptions): Promise<Ended>;
  readonly server: S3Server;
}

/** What each role was given by some policy, as "role Sid action", and whether some job has used it. */
export type Rights = Map<string, boolean>;

export interface AsOptions {
  readonly code?: number;
  /** Refusals that the command goes on without. */
  readonly refused?: RegExp;
}

/** Whether an upload was begun twice is looked for, and no rights for that are no failure. */
const BEGUN_TWICE = /^s3:ListBucketMultipartUploads $/;

export interface PolicedOptions extends JobOptions {
  readonly lock?: boolean;
  readonly rights?: Rights;
  /** In front of the proxy: what the program is told. */
  readonly endpoint?: (proxy: PolicyProxy) => string;
}

/** The repository is `home/` in a bucket with versions, or with Object Lock. */
export async function withPolicies(
  server: S3Server,
  empty: Place,
  options: PolicedOptions,
  use: (job: PolicedJob) => Promise<void>,
): Promise<void> {
  const { lock = false, endpoint = (proxy: PolicyProxy) => proxy.endpoint } = options;
  const bucket = freshBucketName();
  await server.createBucket(bucket, { versioning: true, lock });
  const proxy = startPolicyProxy(server.endpoint);
  try {
    const place = withServer(empty, server);
    const [, ...how] = s3Repository({ endpoint: endpoint(proxy) }, bucket);
    const repository = [`s3://${bucket}/home`, ...how];
    const init = [...options.init ?? [], ...lock ? ["--lock-for", "30d"] : []];
    const policies = await printed(place, repository, init);
    await initJob(place, repository, { ...options, init });
    const used = new Set<string>();

    const by: PolicedJob["by"] = async (policy, args, options = {}) => {
      const { code = 0, refused = BEGUN_TWICE } = options;
      proxy.setPolicy(policy);
      const ended = await holdfast(place, args);
      assert.equal(ended.code, code, `${args.join(" ")}: ${ended.said}\n${proxy.refused()}`);
      const others = proxy.refused().filter((one) => !refused.test(one) && !BEGUN_TWICE.test(one));
      assert.deepEqual(others, [], `${args.join(" ")} wanted more`);
      return ended;
    };

    await use({
      ...{ place, bucket, server, proxy, policies, by },
      async as(role, args, ended) {
        const done = await by(policies[role], args, ended);
        for (const one of proxy.used()) used.add(`${role} ${one}`);
        return done;
      },
    });
    if (options.rights !== undefined) noteRights(options.rights, policies, used);
  } finally {
    await proxy.stop();
  }
}

function noteRights(
  rights: Rights,
  policies: PolicedJob["policies"],
  used: ReadonlySet<string>,
): void {
  for (const [role, { Statement }] of Object.entries(policies)) {
    for (const { Sid, Action } of Statement) {
      for (const action of Action) {
        const right = `${role} ${Sid} ${action}`;
        rights.set(right, rights.get(right) === true || used.has(right));
      }
    }
  }
}

async function printed(
  place: Place,
  repository: readonly string[],
  init: readonly string[],
): Promise<Readonly<Record<Role, Policy>>> {
  const args = ["--job", "e2e", "init", "--source", `${place.folder}/src`, ...init];
  const ended = await mustEnd(0, place, [
    ...args,
    "--repository",
    ...repository,
    "--print-policy",
  ]);
  return JSON.parse(ended.stdout).roles;
}
