/** The table of docs/permissions.md: each command does its work with the rights of its row. */
import assert from "node:assert/strict";
import type { Policy, Statement } from "../../src/core/policy/role_policy.ts";
import { pages } from "../docs/markdown.ts";
import { shell } from "../sources/tree_tools.ts";
import { withGateway } from "./each_store.ts";
import { withPolicies } from "./policed.ts";
import { settle, withPlace } from "./place.ts";

interface Row {
  readonly commands: readonly string[];
  readonly needs: string;
  readonly extra: string;
}

function rows(): Row[] {
  const page = pages().find((file) => file.endsWith("/permissions.md"))!;
  const [, table] = Deno.readTextFileSync(page).split("## Each command");
  return table.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
    const [, commands, needs, extra] = line.split("|").map((cell) => cell.trim());
    return { commands: names(commands), needs, extra };
  });
}

function names(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
}

const OWN_LOG =
  "`PutObject` and `GetObject` on `.holdfast/log/*`, `PutObject` and `GetObject` on " +
  "`.holdfast/renames/*`, `GetObject` on `.holdfast/repository.json`, `ListBucket`";

/** The rights of a cell, in a bucket whose repository is below `home/`. */
function statements(cell: string, bucket: string): Statement[] {
  const text = cell.replace(/as `(\w+)`/, (_, name: string) => rowOf(name).needs)
    .replace("own log", OWN_LOG);
  return text.split(", ").flatMap((part): Statement[] => {
    const [what, where] = part.split(" on ");
    const Action = names(what).map((name) => `s3:${name}`);
    if (Action.length === 0) return [];
    const keys = where === undefined ? ["*"] : names(where);
    const arn = `arn:aws:s3:::${bucket}`;
    const Resource = [
      arn,
      ...keys.map((key) => `${arn}/home/${key.endsWith("/") ? `${key}*` : key}`),
    ];
    return [{ Sid: "Row", Effect: "Allow", Action, Resource }];
  });
}

function rowOf(command: string): Row {
  const row = rows().find(({ commands }) => commands.includes(command));
  assert.ok(row !== undefined, `${command} is in no row`);
  return row;
}

function policyOf(command: string, bucket: string, extra?: string): Policy {
  const row = rowOf(command);
  const more = extra === undefined
    ? ""
    : row.extra.split("; ").find((part) => part.startsWith(extra))!.split(": ")[1];
  return {
    Version: "2012-10-17",
    Statement: [...statements(row.needs, bucket), ...statements(more, bucket)],
  };
}

Deno.test("each command does its work with the rights of its row, and asks for no others", () =>
  withGateway((server) =>
    withPlace((empty) =>
      withPolicies(server, empty, {}, async ({ place, bucket, by }) => {
        const { folder } = place;
        const source = `${folder}/src`;
        const run = (command: string, args: readonly string[], extra?: string) =>
          by(policyOf(command, bucket, extra), args, {
            refused: /^s3:GetLifecycleConfiguration $/,
          });
        shell(source, "echo one > one.txt; head -c 20000000 /dev/urandom > large");
        await settle();
        await run("backup", ["backup"]);
        shell(source, "echo two > one.txt; mv large moved");
        await settle();
        await run("backup", ["backup"]);
        for (const look of ["status", "snapshots", "ls", "find one*", "stats", "log"]) {
          await run(look.split(" ")[0], look.split(" "));
        }
        await run("history", ["history", "one.txt"]);
        await run("replay", ["replay"]);
        await run("ls --remote", ["ls", "--remote"]);
        await run("log verify", ["log", "verify"]);
        await run("log ship", ["log", "ship"]);
        await run("log checkpoint", ["log", "checkpoint"]);
        await run("restore", ["restore", "--to", `${folder}/out`]);
        await run("check", ["check", "--read-data"]);
        await run("uploads", ["uploads"]);
        await run("reconcile", ["reconcile"]);
        await run("reconcile", ["reconcile", "--delete-unknown", "--yes"], "`--delete-unknown`");
        await run("adopt", ["adopt"]);
        await run("forget", ["forget", "--keep-last", "1", "--yes"]);
        await run("prune", ["prune", "--yes"]);
        await run("heal", ["heal"]);
        shell(folder, "rm -r state");
        await run("rebuild", ["rebuild"]);
        await run("takeover", ["takeover", "--yes"]);
        await run("backup", ["backup"]);
      })
    )
  ));

Deno.test("every command is in one row", () => {
  const named = rows().flatMap(({ commands }) => commands.map((name) => name.split(" ")[0]));
  const folder = new URL("../../src/cli/commands/", import.meta.url);
  for (const { name } of Deno.readDirSync(folder)) {
    const command = name.replace(/\.ts$/, "");
    assert.ok(named.includes(command), command);
  }
});
