/** docs/recovery.md: a repository in the pack layout comes back by the commands of that page alone. */
import assert from "node:assert/strict";
import { run } from "../../scripts/command.ts";
import { projectRoot } from "../../scripts/project_root.ts";
import { blocksUnder, type CodeBlock, readPage } from "../docs/markdown.ts";
import { hasCommand, onLinux, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { withGateway } from "./each_store.ts";
import { mustEnd, type Place } from "./holdfast.ts";
import {
  makeHistory,
  type PackedHistory,
  type PackedState,
  twoRecipients,
} from "./packed_history.ts";
import { initJob, makeSmallTree, s3Repository, settle, withPlace, withServer } from "./place.ts";

const page = readPage(`${projectRoot}/docs/recovery.md`);
const fetching = blocksUnder(page, "Fetch and open");
const opening = ran(fetching);
const quick = ran(blocksUnder(page, "The quick way"));
const [readLog, chooseSnapshot, decoders, readState, ...putTogether] = ran(
  blocksUnder(page, "The state of a snapshot"),
);
const exact = [...opening, readLog, chooseSnapshot, decoders, readState, ...putTogether];
const packsNeeded = ran(blocksUnder(page, "Which packs it takes"));
const withoutLog = ran(blocksUnder(page, "Without the log"));

function ran(blocks: readonly CodeBlock[]): string[] {
  return blocks.filter(({ info }) => info === "sh run").map(({ code }) => code);
}

const TOOLS = ["age", "zstd", "jq", "tar", "bsdtar"];

function canRecover(test: string): boolean {
  return onLinux && canCompare(test) && TOOLS.every((command) => hasCommand(test, command));
}

/** An empty folder with the repository and the identity under the names that the page has. */
function recoveryFolder({ place, identity }: PackedHistory, name: string): string {
  const folder = `${place.folder}/${name}`;
  Deno.mkdirSync(folder);
  Deno.symlinkSync(`${place.folder}/store`, `${folder}/bucket`);
  Deno.symlinkSync(identity, `${folder}/identity.txt`);
  return folder;
}

/** Runs the blocks as one script. Returns what it printed, its errors apart. */
async function follow(
  folder: string,
  blocks: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { code, ...said } = await run(["bash", "-euo", "pipefail", "-c", blocks.join("\n")], {
    cwd: folder,
    env: { LC_ALL: "", LANG: "", ...env },
    timeout: 120_000,
  });
  assert.equal(code, 0, `${said.stdout}\n${said.stderr}`);
  return said;
}

const stepwise = "a repository in packs comes back by the page's commands alone";
Deno.test(stepwise, (t) =>
  withPlace(async (place) => {
    if (!canRecover(stepwise)) return;
    const { options, identity } = await twoRecipients(place);
    const config = ['chunk_threshold = "8 MiB"', 'pack_size = "16 MiB"', 'part_size = "5 MiB"'];
    await initJob(place, [`file://${place.folder}/store`, ...options], { config });
    const history = await makeHistory(stepwise, place, identity);
    await t.step("each of seven snapshots, with GNU tar or bsdtar", () => eachState(history));
    await t.step("the quick way, everything", () => everything(history));
    await t.step("from the packs that are needed, and from fewer", () => fewerPacks(history));
    await t.step("without any segment of the log", () => lostLog(history));
  }));

async function eachState(history: PackedHistory): Promise<void> {
  const { states } = history;
  for (const [i, state] of states.entries()) {
    const { snapshot } = state;
    const isLast = i === states.length - 1;
    for (const tar of isLast ? ["tar", "bsdtar"] : [["tar", "bsdtar"][i % 2]]) {
      const out = recoveryFolder(history, `${tar}-${i}`);
      const env: Record<string, string> = isLast ? { tar } : { tar, snapshot: `${snapshot}` };
      const { stderr } = await follow(out, exact, env);
      assert.equal(stderr, "", `${tar}, snapshot ${snapshot}`);
      assertState(state, out);
    }
  }
}

function assertState({ folder, names }: PackedState, out: string): void {
  if (names.length === 0) return assertSameTree(folder, `${out}/restored`);
  assert.equal(shell(`${out}/restored`, "ls -A"), names.map((name) => `${name}\n`).join(""));
  for (const name of names) assertSameTree(`${folder}/${name}`, `${out}/restored/${name}`);
}

/** As edited last; deleted since; under the name that the packs have it by. */
const UNPACKED = [["big", "big"], ["old/gone", "old/gone"], [".holdfast~/own", ".holdfast/own"]];

async function everything(history: PackedHistory): Promise<void> {
  const before = history.states[2].folder;
  for (const tar of ["tar", "bsdtar"]) {
    const out = recoveryFolder(history, `everything-${tar}`);
    const { stderr } = await follow(out, [...opening, ...quick], { tar });
    assert.equal(stderr, "", tar);
    for (const [unpacked, path] of UNPACKED) {
      shell(out, `cmp 'everything/${unpacked}' '${before}/${path}'`);
    }
    const facts = (file: string) => shell(out, `stat -c '%.9Y %a %F' '${file}'`);
    assert.equal(facts("everything/big"), facts(`${before}/big`));
  }
}

async function fewerPacks(history: PackedHistory): Promise<void> {
  const [state] = history.states;
  const env = { snapshot: `${state.snapshot}` };
  const some = storeCopy(history, "some");
  const known = recoveryFolder(some, "known");
  const asked = [...opening, readLog, chooseSnapshot, decoders, readState, ...packsNeeded];
  const { stdout } = await follow(known, asked, env);
  const needed = stdout.split("\n").filter((line) => /^[0-9a-f]{32}$/.test(line));
  const packs = shell(some.place.folder, "cd store/packs; ls -d */*").trim().split("\n");
  assert.ok(needed.length >= 2 && needed.length < packs.length);
  const remove = (pack: string) => Deno.removeSync(`${some.place.folder}/store/packs/${pack}`);
  for (const pack of packs.filter((name) => !needed.includes(name.slice(3, 35)))) remove(pack);
  const enough = recoveryFolder(some, "enough");
  await follow(enough, exact, env);
  assertState(state, enough);

  remove(packs.find((name) => name.includes(needed[0]))!);
  const less = recoveryFolder(some, "less");
  const { stderr } = await follow(less, exact, env);
  const missing = stderr.match(/^missing: .*$/mg) ?? [];
  const files = (where: string) => shell(where, "find . -type f -printf x | wc -c").trim();
  assert.ok(missing.length > 0, stderr);
  assert.equal(Number(files(`${less}/restored`)) + missing.length, Number(files(state.folder)));
}

async function lostLog(history: PackedHistory): Promise<void> {
  const some = storeCopy(history, "without");
  shell(some.place.folder, "rm -r store/.holdfast/log");
  const blocks = [...opening, decoders, ...withoutLog, chooseSnapshot, readState, ...putTogether];
  for (const i of [2, history.states.length - 1]) {
    const state = history.states[i];
    const out = recoveryFolder(some, `out-${i}`);
    await follow(out, blocks, { snapshot: `${state.snapshot}` });
    assertState(state, out);
  }
}

/** The same with a store that may be damaged. */
function storeCopy(history: PackedHistory, name: string): PackedHistory {
  const folder = `${history.place.folder}/${name}`;
  shell(
    history.place.folder,
    `mkdir '${name}'; cp -a store '${name}/store'; chmod -R u+w '${name}'`,
  );
  return { ...history, place: { ...history.place, folder } };
}

const fetched = "the page's aws commands fetch a repository from a bucket, and it comes back";
Deno.test(fetched, () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      if (!canRecover(fetched) || !hasCommand(fetched, "aws")) return;
      await server.createBucket("my-bucket");
      const place = withServer(empty, server);
      const { options, identity } = await twoRecipients(place);
      await smallJob(place, [...s3Repository(server, "my-bucket/photos"), ...options]);
      const out = `${empty.folder}/out`;
      Deno.mkdirSync(out);
      Deno.symlinkSync(identity, `${out}/identity.txt`);
      const fetch = fetching.filter(({ info }) => info === "sh").map(({ code }) => code);
      assert.equal(fetch.length, 1);
      const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = place.env;
      await follow(out, [...fetch, ...exact], {
        ...{ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION },
        AWS_ENDPOINT_URL: server.endpoint,
      });
      assertSameTree(`${empty.folder}/src`, `${out}/restored`);
    })
  ));

const clear = "a repository in packs that is not encrypted comes back without an identity";
Deno.test(clear, () =>
  withPlace(async (place) => {
    if (!canRecover(clear)) return;
    const { folder } = place;
    await smallJob(place, [`file://${folder}/store`, "--layout", "pack", "--encryption", "none"]);
    const out = recoveryFolder({ place, identity: "/nowhere", states: [] }, "out");
    await follow(out, exact);
    assertSameTree(`${folder}/src`, `${out}/restored`);
  }));

/** Two runs over the small tree. */
async function smallJob(place: Place, repository: readonly string[]): Promise<void> {
  const { folder } = place;
  makeSmallTree(`${folder}/src`);
  await settle();
  await initJob(place, repository);
  await mustEnd(0, place, ["backup"]);
  shell(`${folder}/src`, "mv docs papers; rm nothing; cp papers/one.txt pictures/");
  await settle();
  await mustEnd(0, place, ["backup", "--accept-deletions"]);
}
