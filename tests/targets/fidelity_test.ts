/** A nasty tree, copied through the two ports, against what rsync sees. */
import assert from "node:assert/strict";
import { libc } from "../../src/libc/libc.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import { openLocalTarget } from "../../src/targets/local/local_target.ts";
import {
  canMakeDevices,
  everyByteName,
  hasCommand,
  oddNames,
  run,
  shell,
  touchAll,
  withFolder,
} from "../sources/tree_tools.ts";
import { copyTree } from "./copy_tree.ts";

const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));

function makeNastyTree(folder: string): void {
  shell(
    folder,
    `mkdir -p empty full/sub names; head -c 300000 /dev/urandom > full/random
     truncate -s 5M full/sparse; printf data | dd of=full/sparse bs=1 seek=2000000 conv=notrunc 2>/dev/null
     truncate -s 1000 full/hole; : > full/nothing; ln full/random full/sub/linked; ln full/random linked
     ln -s full/random link; ln -s /nowhere dangling; ln -s "$(printf 'raw\\377\\n')" rawlink
     mkfifo -m 640 fifo; touch suid sgid; chmod 4755 suid; chmod 2750 sgid; chmod 1777 full
     touch readonly; chmod 0444 readonly; mkdir shut; touch shut/inside; chmod 0500 shut`,
  );
  touchAll(`${folder}/names`, [...new Set([...oddNames, ...everyByteName()])]);
}

function addAttributes(folder: string): void {
  shell(
    folder,
    `setfattr -n user.plain -v value readonly; setfattr -n user.empty full/nothing
     setfattr -n user.binary -v 0x00ff00 full; setfacl -m u:4711:rw,g:4712:r full/random
     setfacl -d -m u:4711:rwx full/sub; setfacl -m u:4711:x shut; setfacl -m u:4711:rw fifo`,
  );
}

function addWhatRootMay(folder: string): void {
  shell(
    folder,
    `mknod char c 1 3; mknod block b 259 70000; chown 4711:4712 full/random suid empty
     chown -h 1234:1234 link; chmod 4711 suid; setfattr -n trusted.t -v x full/sub
     setfattr -h -n trusted.l -v x link; setfattr -n trusted.f -v x char
     setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 suid`,
  );
}

/** Times last, deepest first: whatever else is set would change them. */
function setTimes(folder: string): void {
  shell(
    folder,
    `touch -h -d '1999-12-31 23:59:59.987654321 UTC' link dangling fifo full/random
     touch -d '1960-05-05 05:05:05.000000005 UTC' readonly full/sub full empty names shut
     touch -d '2100-01-01 00:00:00.5 UTC' full/sparse .`,
  );
}

Deno.test({
  name: "a nasty tree copied through the ports is the same to rsync",
  ignore: libc() === null,
  fn: () =>
    withFolder(async (base) => {
      const name = "fidelity against rsync";
      if (!["rsync", "setfacl", "setfattr"].every((tool) => hasCommand(name, tool))) return;
      const from = `${base}/from`;
      const to = `${base}/to`;
      Deno.mkdirSync(from);
      makeNastyTree(from);
      addAttributes(from);
      if (Deno.uid() === 0 && canMakeDevices(name, base)) addWhatRootMay(from);
      setTimes(from);

      const root = openLocalSource(from, { walker: "linux" }).open();
      const target = openLocalTarget(to, { target: "linux", random });
      assert.deepEqual(await copyTree(root, target), []);
      target.close();
      root.close();

      const compare = ["-aHAXnc", "--itemize-changes", "--delete", `${from}/`, `${to}/`];
      assert.equal(run("rsync", compare), "");
      // rsync compares times by the second and leaves some of root's attributes out.
      assert.equal(facts(to), facts(from));
      const blocks = Number(shell(to, "stat -c %b full/sparse"));
      assert.ok(blocks * 512 < 100_000, `${blocks} blocks`);
    }),
});

/** Everything else that two trees have to agree in, as text. */
function facts(folder: string): string {
  const stat = String.raw`find . -printf '%P %y %m %U %G %T@ %l\n' | LC_ALL=C sort`;
  const attributes =
    "find . -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m - -e hex -- 2>&1";
  return shell(folder, `${stat}; ${attributes}`);
}
