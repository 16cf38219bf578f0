import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { delimiter, join, relative } from "node:path";
import { executablePath } from "../../scripts/build/holdfast_executable.ts";
import { run } from "../../scripts/command.ts";
import { projectRoot } from "../../scripts/project_root.ts";
import { codeBlocks, localLinks, pages, readPage } from "./markdown.ts";

Deno.test("the ts examples of the docs compile and run", async () => {
  const withCode = pages().filter((page) =>
    codeBlocks(readPage(page)).some(({ info }) => /^(ts|typescript)$/.test(info))
  );
  if (withCode.length === 0) return;
  const { code, stdout, stderr } = await run(
    [Deno.execPath(), "test", "--doc", "--allow-all", ...withCode],
    { cwd: projectRoot, env: { NO_COLOR: "1" } },
  );
  assert.equal(code, 0, `${stdout}\n${stderr}`);
});

for (const page of pages()) {
  const name = relative(projectRoot, page);
  const blocks = codeBlocks(readPage(page)).filter(({ info }) => info === "sh run");
  if (blocks.length > 0) {
    Deno.test(`the shell examples of ${name} run one after the other`, () => runBlocks(blocks));
  }
  Deno.test(`the links of ${name} lead to files of the project`, () => {
    const broken = localLinks(readPage(page)).filter((target) =>
      !existsSync(join(page, "..", decodeURIComponent(target)))
    );
    assert.deepEqual(broken, []);
  });
}

/** In an empty folder, as one script that stops at the first failure, `holdfast` on the PATH. */
async function runBlocks(blocks: readonly { code: string; line: number }[]): Promise<void> {
  if (!existsSync(executablePath())) {
    const message = "dist/holdfast is missing: make it with `deno task compile`";
    assert.notEqual(Deno.env.get("CI"), "true", message);
    console.log(`skipped: ${message}`);
    return;
  }
  const home = await Deno.makeTempDir({ prefix: "holdfast-docs-" });
  try {
    const work = join(home, "work");
    await mkdir(work);
    const script = blocks.map(({ code, line }) => `echo "--- line ${line}"\n${code}\n`).join("");
    const { code, stdout, stderr } = await run(["bash", "-euo", "pipefail", "-c", script], {
      cwd: work,
      env: {
        HOME: home,
        XDG_CONFIG_HOME: join(home, "config"),
        XDG_STATE_HOME: join(home, "state"),
        PATH: `${join(projectRoot, "dist")}${delimiter}${Deno.env.get("PATH") ?? ""}`,
      },
      timeout: 120_000,
    });
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
