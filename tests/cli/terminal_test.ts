import assert from "node:assert/strict";
import { terminalOf, type TerminalOptions } from "../../src/cli/terminal.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { type FakeOptions, type FakeSystem, fakeSystem } from "./fake_system.ts";

const plain = { json: false, quiet: false, verbose: false, debug: false, progress: true };

function open(options: FakeOptions & { globals?: Partial<TerminalOptions["globals"]> } = {}) {
  const system = fakeSystem(options);
  system.remove();
  const globals = { ...plain, ...options.globals };
  const terminal = terminalOf(system, {
    globals,
    secrets: ["hunter2-secret"],
    log: undefined,
    onClosed: () => {},
  });
  return { system, terminal };
}

/** A scan of 100,000 entries in 20 s, a signal every 20 ms. */
function scan(system: FakeSystem, emit: ReturnType<typeof open>["terminal"]["output"]["signal"]) {
  emit({ kind: "phase", name: "scan" });
  for (let i = 0; i <= 1000; i++) {
    emit({ kind: "scan", entries: i * 100, bytes: i * 1024, path: `folder/${i}` });
    system.advance(20);
  }
}

Deno.test("a terminal gets one line, redrawn ten times a second at most, within its width", () => {
  const { system, terminal } = open({ terminal: true });
  scan(system, terminal.output.signal);
  terminal.finish();
  const draws = system.err().split("\r\x1b[K").filter((text) => text !== "");
  assert.ok(draws.length > 100 && draws.length <= 210, String(draws.length));
  for (const draw of draws) assert.ok(draw.trimEnd().length < 60, draw);
  assert.match(
    draws.at(-1)!,
    /^scanning {2}100,000 entries {2}0\.98 MiB {2}(4,9|5,0)\d\d\/s {2}folder\/1000\n$/,
  );
  assert.equal(system.out(), "");
});

Deno.test("a pipe gets a line every ten seconds", () => {
  const { system, terminal } = open();
  scan(system, terminal.output.signal);
  terminal.finish();
  const lines = system.err().trimEnd().split("\n");
  assert.equal(lines.length, 3, system.err());
  assert.ok(!system.err().includes("\x1b") && !system.err().includes("\r"));
});

Deno.test("--no-progress and --quiet show none", () => {
  for (const globals of [{ progress: false }, { quiet: true }]) {
    const { system, terminal } = open({ terminal: true, globals });
    scan(system, terminal.output.signal);
    terminal.finish();
    assert.equal(system.err(), "");
  }
});

Deno.test("an upload shows rate and the time that is left", () => {
  const { system, terminal } = open({ terminal: true, env: {} });
  const emit = terminal.output.signal;
  emit({ kind: "phase", name: "upload" });
  const MIB = 1024 * 1024;
  for (let i = 0; i <= 50; i++) {
    const done = { done: i, total: 100, bytes: i * MIB, totalBytes: 400 * MIB };
    emit({ kind: "upload", ...done, current: "a" });
    system.advance(100);
  }
  terminal.finish();
  const last = system.err().split("\r\x1b[K").at(-1)!;
  assert.equal(last, "uploading  50 MiB of 400 MiB  12 %  9.8 MiB/s  ETA 36 s\n");
});

Deno.test("answers go to standard output, notes and failed entries to standard error", () => {
  const { system, terminal } = open();
  terminal.output.signal({ kind: "notice", text: "the store keeps no versions" });
  terminal.output.signal({ kind: "entry-error", path: "a\nb", reason: "EACCES" });
  terminal.output.text("one", "two");
  assert.equal(system.err(), "note: the store keeps no versions\n");
  terminal.finish();
  assert.equal(system.out(), "one\ntwo\n");
  assert.match(system.err(), /failed: a\\x0ab: EACCES\n$/);
});

Deno.test("of many failed entries fifty are listed, and how many more there are", () => {
  const { system, terminal } = open();
  for (let i = 0; i < 1050; i++) {
    terminal.output.signal({ kind: "entry-error", path: `f${i}`, reason: "EIO" });
  }
  terminal.finish();
  const lines = system.err().trimEnd().split("\n");
  assert.equal(lines.length, 51);
  assert.equal(lines.at(-1), "… and 1,000 more entries");
});

Deno.test("--json writes records to standard output and no text, messages to standard error", () => {
  const { system, terminal } = open({ globals: { json: true } });
  scan(system, terminal.output.signal);
  terminal.output.text("not this");
  terminal.output.raw('{"position":1}');
  terminal.output.signal({ kind: "entry-error", path: "\udcff", reason: "EIO" });
  terminal.error(new HoldfastError("denied", "hunter2-secret is wrong"));
  terminal.finish();
  const records = system.out().trimEnd().split("\n").map((line) => JSON.parse(line));
  const count = (name: string) => records.filter(({ record }) => record === name).length;
  assert.equal(count("phase"), 1);
  assert.ok(count("progress") >= 19 && count("progress") <= 21, String(count("progress")));
  assert.deepEqual(records.at(-2), {
    record: "entry-error",
    path: { b64: "/w==" },
    reason: "EIO",
  });
  assert.equal(records.at(-1).message, "[removed] is wrong");
  assert.equal(records.filter((record) => record.position === 1).length, 1);
  assert.equal(system.err(), "error: [removed] is wrong\n");
});

Deno.test("colours only on a terminal, and not with NO_COLOR", () => {
  const red = (options: FakeOptions) => {
    const { system, terminal } = open(options);
    terminal.error(new HoldfastError("failed", "x"));
    return system.err().includes("\x1b[31m");
  };
  assert.equal(red({ terminal: true }), true);
  assert.equal(red({ terminal: true, env: { NO_COLOR: "1" } }), false);
  assert.equal(red({}), false);
});

Deno.test("a reader that goes away is noticed once and never an error", () => {
  const { system } = open();
  let closed = 0;
  const stdout = {
    ...system.stdout,
    write: () => {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  const options = { globals: plain, secrets: [], log: undefined, onClosed: () => closed++ };
  const { output } = terminalOf({ ...system, stdout }, options);
  output.text("a", "b");
  assert.equal(output.closed, true);
  assert.equal(closed, 1);
});
