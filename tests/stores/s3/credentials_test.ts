import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "../../../scripts/project_root.ts";
import { startS3Stub } from "../../servers/s3_stub.ts";

const program = fileURLToPath(new URL("put_one.ts", import.meta.url));
const config = join(projectRoot, "deno.json");

interface Outcome {
  readonly said: string;
  /** Access key ID and region of the signature, and the session token that came with it. */
  readonly signedBy: readonly (string | null | undefined)[];
}

/** Puts one object from a process that has no AWS settings but these. */
async function putWith(
  env: Record<string, string>,
  files: Record<string, string> = {},
  profile?: string,
): Promise<Outcome> {
  const folder = await Deno.makeTempDir({ prefix: "holdfast-credentials-" });
  const stub = startS3Stub();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    const kept = Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("AWS_"));
    const output = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--no-check", "--config", config, program],
        ...[stub.endpoint, "bucket", ...(profile === undefined ? [] : [profile])],
      ],
      clearEnv: true,
      env: {
        ...Object.fromEntries(kept),
        AWS_CONFIG_FILE: join(folder, "config"),
        AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
        AWS_EC2_METADATA_DISABLED: "true",
        ...env,
      },
    }).output();
    const decoder = new TextDecoder();
    const { headers } = stub.requests[0] ?? {};
    const signature = headers?.get("authorization")?.match(/Credential=([^/]+)\/\d+\/([^/]+)\//);
    return {
      said: (decoder.decode(output.stdout) + decoder.decode(output.stderr)).trim()
        .replaceAll(stub.endpoint, "http://ENDPOINT"),
      signedBy: [signature?.[1], signature?.[2], headers?.get("x-amz-security-token")],
    };
  } finally {
    await stub.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("keys, session token and region come from the environment", async () => {
  const outcome = await putWith({
    AWS_ACCESS_KEY_ID: "envkey",
    AWS_SECRET_ACCESS_KEY: "s",
    AWS_SESSION_TOKEN: "token",
    AWS_REGION: "eu-west-3",
  });
  assert.deepEqual(outcome, { said: "stored", signedBy: ["envkey", "eu-west-3", "token"] });
});

Deno.test("keys and region come from the named profile of the shared files", async () => {
  const outcome = await putWith({}, {
    config: "[default]\nregion = us-west-1\n[profile backup]\nregion = eu-central-1\n",
    credentials: "[default]\naws_access_key_id = wrong\naws_secret_access_key = s\n" +
      "[backup]\naws_access_key_id = profilekey\naws_secret_access_key = s\n",
  }, "backup");
  assert.deepEqual(outcome, { said: "stored", signedBy: ["profilekey", "eu-central-1", null] });
});

Deno.test("keys come from the process that the profile names", async () => {
  const folder = await Deno.makeTempDir({ prefix: "holdfast-credentials-" });
  try {
    const answer = { Version: 1, AccessKeyId: "processkey", SecretAccessKey: "s" };
    await Deno.writeTextFile(join(folder, "answer"), JSON.stringify(answer));
    const outcome = await putWith({}, {
      config: `[default]\nregion = us-west-1\ncredential_process = cat ${folder}/answer\n`,
    });
    assert.deepEqual(outcome, { said: "stored", signedBy: ["processkey", "us-west-1", null] });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("without any keys the error says where they are looked for", async () => {
  const { said } = await putWith({});
  assert.equal(
    said,
    "[denied] no credentials for bucket bucket: Could not load credentials from any providers\n" +
      "    set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `profile` in the job " +
      "(after aws sso login, where it signs on)",
  );
});

Deno.test("an instance metadata service that never answers does not hold a run up", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const silent: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) silent.push(connection);
  })();
  try {
    const before = performance.now();
    const { said } = await putWith({
      AWS_EC2_METADATA_DISABLED: "false",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${listener.addr.port}`,
    });
    assert.match(said, /^\[denied\]/);
    assert.ok(silent.length > 0, "the service was asked");
    assert.ok(performance.now() - before < 15_000);
  } finally {
    listener.close();
    await accepting.catch(() => {});
    for (const connection of silent) connection.close();
  }
});
