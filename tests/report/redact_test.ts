import assert from "node:assert/strict";
import { redact, secretsOf } from "../../src/report/redact.ts";

const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const keyId = "AKIAIOSFODNN7EXAMPLE";

Deno.test("no form of a secret passes", () => {
  const lines = [
    `Authorization: AWS4-HMAC-SHA256 Credential=${keyId}/20260501/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=${secret}`,
    `{"authorization": "Bearer ${secret}"}`,
    `GET https://bucket/?X-Amz-Credential=${keyId}%2F2026&X-Amz-Signature=${secret}&X-Amz-Date=1`,
    `x-amz-security-token: ${secret}`,
    `aws_secret_access_key = ${secret}`,
    `secretAccessKey: '${secret}'`,
    `"sessionToken":"${secret}"`,
    `AWS_SESSION_TOKEN=${secret}`,
    `password=${secret}`,
    `https://user:${encodeURIComponent(secret)}@host/path`,
    `s3://${keyId}:secret@bucket`,
    `smb://office;ann:${secret.replaceAll("/", "%2F")}@nas/documents`,
    `key id ${keyId} was refused`,
    `AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SWJALRX`,
  ];
  for (const line of lines) {
    const clean = redact(line, []);
    assert.match(clean, /\[removed\]/, line);
    assert.doesNotMatch(clean, /wJalr|AKIA|secret@|QQQSYQC/, clean);
  }
});

Deno.test("values known to be secret go wherever they stand", () => {
  assert.equal(redact("a hunter2x b(hunter2x)", ["hunter2x"]), "a [removed] b([removed])");
});

Deno.test("what is no secret stays", () => {
  const line = "failed: docs/a@b.txt: s3://bucket/a?b file:///x https://host:9000/x at 10:30";
  assert.equal(redact(line, []), line);
  const share = "smb://office;ann@nas/documents is not there";
  assert.equal(redact(share, []), share);
});

Deno.test("secrets are found in the environment by name", () => {
  assert.deepEqual(
    secretsOf({
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_SESSION_TOKEN: "token-token-and-more",
      MY_PASSWORD: "hunter2x",
      GITHUB_TOKEN: "ghp_123456",
      AWS_REGION: "eu-central-1",
      HOME: "/home/me",
      SHORT_SECRET: "1",
    }),
    [secret, "token-token-and-more", "ghp_123456", "hunter2x"],
  );
});
