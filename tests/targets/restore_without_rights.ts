/** Run by the tests in a process that may not chown: prints what the target could not keep. */
import type { EntryStat } from "../../src/core/stat_record.ts";
import { openLocalTarget } from "../../src/targets/local/local_target.ts";

const [folder, kind] = Deno.args;
const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));
const target = openLocalTarget(folder, { target: kind as "linux" | "portable", random });
const stat: EntryStat = {
  type: "file",
  sparse: false,
  mode: 0o4755,
  uid: 4711,
  gid: 4712,
  fileId: 0n,
  size: 0n,
  mtime: 0n,
  ctime: 0n,
  birth: 0n,
  rdev: 0n,
};
console.log(JSON.stringify(target.createFile("file").finish(stat, [], { replace: false })));
target.close();
