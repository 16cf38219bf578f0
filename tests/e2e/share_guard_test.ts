/** The delete guard on shares: nothing is taken for deleted because it cannot be seen. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { holdfast, holdfastJson, mustEnd, totalsOf } from "./holdfast.ts";
import { makeOld, shareJob, shareTest } from "./share_job.ts";

shareTest("another disk behind the share deletes nothing", async (empty, samba) => {
  shell(samba.data, "mkdir sub; echo 1 > sub/a; echo 2 > b");
  makeOld(samba.data);
  const place = await shareJob(empty, samba);
  await mustEnd(0, place, ["backup"]);
  Deno.renameSync(samba.data, `${samba.data}-away`);
  Deno.mkdirSync(samba.data);
  const foreign = await holdfast(place, ["backup"]);
  assert.equal(foreign.code, 4, foreign.said);
  assert.match(foreign.said, /guard: 3 entries .*nothing was removed/);
  Deno.writeTextFileSync(`${samba.data}/other`, "");
  assert.equal((await holdfast(place, ["backup"])).code, 4);
  Deno.removeSync(samba.data, { recursive: true });
  Deno.renameSync(`${samba.data}-away`, samba.data);
  await mustEnd(0, place, ["backup"]);
  const { stdout } = await mustEnd(0, place, ["ls", "--recursive"]);
  assert.equal(stdout, "b\nsub/\nsub/a\n");
});

shareTest("an empty share deletes nothing", async (empty, samba) => {
  shell(samba.data, "echo 1 > a; echo 2 > b");
  const place = await shareJob(empty, samba);
  await mustEnd(0, place, ["backup"]);
  shell(samba.data, "rm a b");
  assert.equal((await holdfast(place, ["backup"])).code, 4);
  await mustEnd(0, place, ["backup", "--accept-deletions"]);
});

/** Root is refused nothing, so the server acts as somebody else for it. */
const AS_NOBODY = Deno.uid() === 0 ? ["force user = nobody"] : [];

shareTest("a folder that may not be read any more deletes nothing", async (empty, samba) => {
  Deno.chmodSync(`${samba.data}/..`, 0o755);
  shell(samba.data, "mkdir -p closed/below; seq 30 | sed 's,^,closed/,' | xargs touch; echo 1 > a");
  shell(samba.data, "echo 2 > closed/below/b");
  makeOld(samba.data);
  const place = await shareJob(empty, samba);
  await mustEnd(0, place, ["backup"]);
  const before = await mustEnd(0, place, ["ls", "--recursive"]);
  Deno.chmodSync(`${samba.data}/closed`, Deno.uid() === 0 ? 0o700 : 0);
  Deno.removeSync(`${samba.data}/a`);
  const partial = await holdfastJson(place, ["backup"]);
  Deno.chmodSync(`${samba.data}/closed`, 0o755);
  assert.deepEqual([partial.code, totalsOf(partial.records).removed], [3, 1], partial.said);
  assert.match(partial.said, /closed.*EACCES/);
  const after = await mustEnd(0, place, ["ls", "--recursive"]);
  assert.equal(`a\n${after.stdout}`, before.stdout);
  const { removed, objects } = totalsOf((await holdfastJson(place, ["backup"])).records);
  assert.deepEqual([removed, objects], [0, 0]);
}, { share: AS_NOBODY });
