import assert from "node:assert/strict";
import { HoldfastError } from "../../src/core/error.ts";
import { parseRepositoryUrl } from "../../src/cli/repository_url.ts";
import { stateName } from "../../src/cli/url_job.ts";

function refused(url: string): HoldfastError {
  try {
    parseRepositoryUrl(url);
  } catch (error) {
    assert.ok(error instanceof HoldfastError && error.kind === "usage", `${error}`);
    return error;
  }
  assert.fail(`${url} was accepted`);
}

Deno.test("warm_up of a file URL is the time of the Standard tier", () => {
  const hour = 3_600_000;
  for (const [text, ms] of [["5s", 5_000], ["48h", 48 * hour], ["1.5h", 1.5 * hour]] as const) {
    assert.deepEqual(parseRepositoryUrl(`file:///mnt/a%20b/?warm_up=${text}`), {
      kind: "folder",
      url: "file:///mnt/a%20b",
      folder: "/mnt/a b",
      warmUp: ms,
    });
  }
  assert.equal("warmUp" in parseRepositoryUrl("file:///mnt/a"), false);
});

Deno.test("a repository is the same one, and so is its database, with and without warm_up", () => {
  const [plain, simulated] = ["", "?warm_up=5s"].map((end) =>
    parseRepositoryUrl(`file:///a${end}`)
  );
  assert.equal(simulated.url, plain.url);
  assert.equal(stateName(simulated, undefined), stateName(plain, undefined));
});

Deno.test("a warm_up that is no duration is refused with an example", () => {
  for (const text of ["", "5", "0s", "-5s", "+5s", "soon", "5s&warm_up=6s"]) {
    const error = refused(`file:///a?warm_up=${text}`);
    assert.match(error.message, /warm_up=/);
    assert.match(error.hint!, /\?warm_up=5s/, text);
  }
});

Deno.test("other parameters of a file URL are refused by name", () => {
  for (const [url, name] of [["?warmup=5s", "warmup"], ["?warm_up=5s&x=1", "x"], ["#a", "#a"]]) {
    const error = refused(`file:///a${url}`);
    assert.match(error.message, new RegExp(`unknown parameter "${name}"`));
    assert.match(error.hint!, /warm_up is the only one/);
  }
  assert.match(refused("s3://bucket/a?warm_up=5s").message, /no parameters/);
});
