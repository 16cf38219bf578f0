import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chainHash,
  eventLine,
  type Genesis,
  genesisHash,
  genesisLine,
  parseLine,
} from "../../src/core/event/line.ts";
import {
  checkRepository,
  decodeRepository,
  encodeRepository,
  type RepositoryFile,
} from "../../src/core/repository_file.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { allEvents, LOG, RUN } from "./example_events.ts";
import { assertGolden } from "./golden.ts";

const { sha256 } = platformHashing;

const GENESIS: Genesis = {
  format: 1,
  repository: "11".repeat(16),
  log: LOG,
  job: "home",
  key: "44".repeat(32),
  parent: null,
};

const place = { at: "2023-11-14T22:13:20.000Z", run: RUN };

function linesOfAll(): string[] {
  return allEvents().map((event, i) => eventLine(event, { ...place, position: i + 1 }));
}

Deno.test("a line of every type of event is as written down, and so is the chain over them", () => {
  const lines = linesOfAll();
  let hash = genesisHash(GENESIS, sha256);
  const chain = [hash];
  for (const line of lines) chain.push(hash = chainHash(hash, line, sha256));
  assertGolden("events.jsonl", [genesisLine(GENESIS), ...lines].join("\n") + "\n");
  assertGolden("event_hashes.txt", chain.join("\n") + "\n");
});

Deno.test("the chain is SHA-256 of the hash before in hex and the line, as sha256sum makes it", () => {
  const lines = linesOfAll();
  const plain = (text: string) => createHash("sha256").update(text).digest("hex");
  const first = plain(genesisLine(GENESIS));
  assert.equal(genesisHash(GENESIS, sha256), first);
  assert.equal(chainHash(first, lines[0], sha256), plain(first + lines[0]));
  const bytes = new TextEncoder().encode(lines[0]);
  assert.equal(chainHash(first, bytes, sha256), plain(first + lines[0]));
});

Deno.test("a line is read back as the event it was made of", () => {
  const written = allEvents();
  for (const [i, line] of linesOfAll().entries()) {
    const event = parseLine(line, i + 1);
    assert.equal(event.position, i + 1);
    assert.equal(event.version, 1);
    assert.equal(event.type, written[i].type);
    assert.deepEqual(event.data, JSON.parse(JSON.stringify(written[i].data)));
    assert.doesNotMatch(line, /\n/);
  }
});

Deno.test("a line that is no event is damage, one of a newer program is refused", () => {
  const line = linesOfAll()[0];
  assert.throws(() => parseLine(line, 2), { kind: "damage", message: /position 1/ });
  for (const text of ["", "{", "null", "7", "[]"]) {
    assert.throws(() => parseLine(text, 1), { kind: "damage" }, text);
  }
  const newer = line.replace('"version":1', '"version":2');
  assert.throws(() => parseLine(newer, 1), { kind: "failed", message: /version 2.*not know/ });
  for (const type of ["PackMelted", "toString", "__proto__"]) {
    const other = line.replace("RepositoryCreated", type);
    assert.throws(() => parseLine(other, 1), { kind: "failed", message: /not know/ }, type);
  }
});

const REPOSITORY: RepositoryFile = {
  format: 1,
  repository: "11".repeat(16),
  layout: "mirror",
  created: "2023-11-14T22:13:20.000Z",
  jobs: { home: { sources: ["/home/anna"], repository: "s3://bucket/prefix" } },
  logs: [{ log: LOG, job: "home", key: "44".repeat(32), host: "machine" }],
};

Deno.test("repository.json is as written down, and is read back", () => {
  const bytes = encodeRepository(REPOSITORY);
  assertGolden("repository.json", new TextDecoder().decode(bytes));
  assert.deepEqual(decodeRepository(bytes, "s3://b"), REPOSITORY);
});

Deno.test("a repository.json that is not ours is refused, with a way out", () => {
  const decode = (text: string) => decodeRepository(new TextEncoder().encode(text), "s3://b");
  assert.throws(() => decode(""), { kind: "damage" });
  assert.throws(() => decode("{"), { kind: "damage" });
  for (const text of ["null", "[]", "{}", '{"format":2}', '{"format":"1"}']) {
    assert.throws(() => decode(text), { kind: "no-repository", hint: /nothing was written/ }, text);
  }
  const other = '{"format":1,"layout":"vault"}';
  assert.throws(() => decode(other), { kind: "no-repository", message: /layout "vault"/ });
  assert.throws(() => decode('{"format":1,"layout":"mirror"}'), { kind: "damage" });
  assert.throws(() => checkRepository(REPOSITORY, "00".repeat(16), "s3://b"), {
    kind: "no-repository",
  });
  checkRepository(REPOSITORY, "11".repeat(16), "s3://b");
});
