import assert from "node:assert/strict";
import { readBatchRole } from "../../src/core/batch/batch_role.ts";
import { bucketSetup } from "../../src/core/policy/bucket_setup.ts";
import { lifecycleDangers } from "../../src/core/lifecycle_danger.ts";
import { type PolicyPlace, type Role, rolePolicies } from "../../src/core/policy/role_policy.ts";

const place: PolicyPlace = { bucket: "b", prefix: "home" };
const lock = { mode: "governance", ms: 30 * 86_400_000 } as const;

/** What a role may do, as "action resource". */
function grants(role: Role, of: PolicyPlace = place): string[] {
  return rolePolicies(of)[role].Statement.flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => Resource.map((resource) => `${action} ${resource}`))
  );
}

Deno.test("the key that only backs up has these rights and no others", () => {
  assert.deepEqual(grants("backup_only"), [
    "s3:ListBucket arn:aws:s3:::b",
    "s3:PutObject arn:aws:s3:::b/home/*",
    "s3:AbortMultipartUpload arn:aws:s3:::b/home/*",
    "s3:ListMultipartUploadParts arn:aws:s3:::b/home/*",
    "s3:GetObject arn:aws:s3:::b/home/.holdfast/repository.json",
    "s3:GetObject arn:aws:s3:::b/home/.holdfast/log/*",
    "s3:GetObject arn:aws:s3:::b/home/.holdfast/renames/*",
  ]);
  const added = grants("backup_only", { ...place, lock }).slice(7);
  assert.deepEqual(added, [
    "s3:GetObjectRetention arn:aws:s3:::b/home/*",
    "s3:PutObjectRetention arn:aws:s3:::b/home/*",
  ]);
  const restore = grants("restore", { ...place, lock }).filter((one) => one.includes("Retention"));
  assert.deepEqual(restore, ["s3:PutObjectRetention arn:aws:s3:::b/home/.holdfast/log/*"]);
});

Deno.test("with a role for Batch Operations there are its rights, and whose jobs it does have theirs", () => {
  const batchRole = readBatchRole("arn:aws:iam::123456789012:role/holdfast-batch");
  const batch = { ...place, region: "eu-central-1", batchRole };
  const added = (role: "backup_only" | "restore" | "prune") =>
    grants(role, batch).filter((grant) => !grants(role).includes(grant));
  const jobs = [
    "s3:CreateJob *",
    "s3:ListJobs *",
    "s3:DescribeJob arn:aws:s3:eu-central-1:123456789012:job/*",
    "s3:UpdateJobStatus arn:aws:s3:eu-central-1:123456789012:job/*",
    "iam:PassRole arn:aws:iam::123456789012:role/holdfast-batch",
  ];
  assert.deepEqual(added("backup_only"), []);
  assert.deepEqual(added("restore"), [
    "s3:PutObject arn:aws:s3:::b/home/.holdfast/batch/*",
    ...jobs,
  ]);
  assert.deepEqual(added("prune"), jobs);
  assert.deepEqual(
    rolePolicies(batch).batch_operations?.Statement.flatMap(({ Action }) => Action),
    ["s3:GetObject", "s3:GetObjectVersion", "s3:RestoreObject", "s3:PutObject"],
  );
  assert.equal(rolePolicies(place).batch_operations, undefined);
});

Deno.test("no role may bypass a lock, or lock for longer than the job does", () => {
  for (const policy of Object.values(rolePolicies({ ...place, lock }))) {
    const text = JSON.stringify(policy);
    assert.ok(!text.includes("Bypass") && !text.includes("s3:*"));
    for (const { Action, Condition } of policy.Statement) {
      if (!Action.includes("s3:PutObjectRetention")) continue;
      assert.deepEqual(Condition, {
        NumericLessThanEquals: { "s3:object-lock-remaining-retention-days": "31" },
      });
    }
  }
});

Deno.test("only prune deletes, and a restore stores nothing but its own log", () => {
  const deletes = (role: Role) => grants(role).some((grant) => grant.startsWith("s3:Delete"));
  assert.deepEqual([deletes("backup_only"), deletes("restore"), deletes("prune")], [
    false,
    false,
    true,
  ]);
  assert.deepEqual(grants("restore").filter((grant) => grant.includes("Put")), [
    "s3:PutObject arn:aws:s3:::b/home/.holdfast/log/*",
  ]);
});

Deno.test("a bucket without a prefix, and one of another partition, are named as AWS does", () => {
  const [list] = rolePolicies({ bucket: "b", prefix: "", region: "cn-north-1" }).restore.Statement;
  assert.deepEqual(list.Resource, ["arn:aws-cn:s3:::b"]);
  assert.equal(list.Condition, undefined);
  const [other] = rolePolicies(place).restore.Statement;
  assert.deepEqual(other.Condition, { StringLike: { "s3:prefix": ["home/*"] } });
});

Deno.test("the bucket's rules end what is left over, and nothing that a snapshot needs", () => {
  const mirror = bucketSetup({ ...place, layout: "mirror" });
  assert.equal(mirror.ObjectLockConfiguration, undefined);
  for (const rule of mirror.LifecycleConfiguration.Rules) {
    assert.equal(rule.NoncurrentVersionExpiration, undefined);
    assert.equal(rule.Filter.Prefix, "home/");
  }
  const long = { ...lock, ms: 3 * lock.ms };
  const pack = bucketSetup({ ...place, layout: "pack", lock: long });
  assert.deepEqual(pack.ObjectLockConfiguration, { ObjectLockEnabled: "Enabled" });
  const days = pack.LifecycleConfiguration.Rules.map((rule) =>
    rule.NoncurrentVersionExpiration?.NoncurrentDays
  );
  assert.deepEqual(days, [undefined, 90]);
  // `init` and `check` refuse rules that endanger the repository: not these.
  const rules = pack.LifecycleConfiguration.Rules.map(({ ID: id, Filter: { Prefix: prefix } }) => ({
    ...{ id, prefix, enabled: true, tagged: false, expires: false, transitions: [] },
  }));
  assert.deepEqual(lifecycleDangers(rules, "home/"), []);
});
