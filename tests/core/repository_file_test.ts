import assert from "node:assert/strict";
import {
  checkLayout,
  checkRecipients,
  decodeRepository,
  encodeRepository,
  type RepositoryFile,
  withRecipients,
} from "../../src/core/repository_file.ts";
import { ALICE, BOB } from "./recipients.ts";

const FILE: RepositoryFile = {
  format: 1,
  repository: "11".repeat(16),
  layout: "pack",
  created: "2023-11-14T22:13:20.000Z",
  recipients: [ALICE],
  jobs: { home: { sources: ["/home/anna"] } },
  logs: [{ log: "22".repeat(16), job: "home", key: "44".repeat(32), host: "machine" }],
};
const URL = "s3://b";

Deno.test("repository.json names layout and recipients, and is read back", () => {
  assert.deepEqual(decodeRepository(encodeRepository(FILE), URL), FILE);
  for (const recipients of ['"age1"', "{}", "[1]", "null"]) {
    const text = `{"format":1,"layout":"pack","repository":"${FILE.repository}","recipients":`;
    const bytes = new TextEncoder().encode(`${text}${recipients}}`);
    assert.throws(() => decodeRepository(bytes, URL), { kind: "damage" }, recipients);
  }
});

Deno.test("a job of another layout than its repository's is refused, with a way out", () => {
  checkLayout(FILE, "pack", URL);
  assert.throws(() => checkLayout(FILE, "mirror", URL), {
    kind: "no-repository",
    message: /s3:\/\/b has the layout "pack", and this job the layout "mirror"/,
    hint: /layout = "pack".*nothing was written/,
  });
});

Deno.test("other recipients in the config than in the repository are named, and stop", () => {
  checkRecipients({ ...FILE, recipients: [ALICE, BOB] }, [BOB, ALICE], URL);
  const { recipients: _, ...plain } = FILE;
  checkRecipients(plain, [], URL);
  const refused = (file: RepositoryFile, expected: string[], context: Record<string, string>) =>
    assert.throws(() => checkRecipients(file, expected, URL), {
      ...{ kind: "key", context, hint: /holdfast key recipients --confirm/ },
    });
  const [here, there] = ["only in the config", "only in the repository"];
  refused(FILE, [BOB], { [here]: BOB, [there]: ALICE });
  refused(FILE, [ALICE, BOB], { [here]: BOB });
  refused(FILE, [], { [there]: ALICE });
  refused(plain, [ALICE], { [here]: ALICE });
});

Deno.test("other recipients leave the rest of repository.json as it is, also what is unknown", () => {
  const known = { ...FILE, jobs: { ...FILE.jobs, other: { a: 1 } }, later: { kept: true } };
  const config = { sources: ["/home/anna"], recipients: [BOB] };
  const changed = withRecipients(known, "home", { recipients: [BOB], config });
  assert.deepEqual(changed, {
    ...known,
    recipients: [BOB],
    jobs: { home: config, other: { a: 1 } },
  });
  const none = withRecipients(known, "home", { recipients: [], config: {} });
  assert.ok(!("recipients" in none));
  const order = Object.keys(JSON.parse(new TextDecoder().decode(encodeRepository(changed))));
  assert.deepEqual(order.slice(0, 5), [
    ...["format", "repository", "layout", "created", "recipients"],
  ]);
});
