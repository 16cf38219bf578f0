/** Trees with everything in them that backup programs lose. */
import { textOfBytes } from "../../src/core/path_text.ts";
import {
  canMakeDevices,
  everyByteName,
  makeChain,
  oddNames,
  shell,
  touchAll,
} from "../sources/tree_tools.ts";

/** Every kind of entry and attribute; what only root may make where this is root. */
export function makeNastyTree(test: string, folder: string): void {
  makeEntries(folder);
  addAttributes(folder);
  if (Deno.uid() === 0) {
    shell(
      folder,
      `chown 4711:4712 full/random suid empty; chown -h 1234:1234 link; chmod 4711 suid
       setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 suid`,
    );
    if (canMakeDevices(test, folder)) shell(folder, "mknod char c 1 3; mknod block b 259 70000");
  } else {
    console.log(`${test}: not root, so there are no foreign owners and no devices in the tree`);
  }
  setTimes(folder);
}

function makeEntries(folder: string): void {
  shell(
    folder,
    `mkdir -p empty full/sub/deeper/empty; head -c 300000 /dev/urandom > full/random
     truncate -s 20M sparse; printf data | dd of=sparse bs=1 seek=9000000 conv=notrunc 2>/dev/null
     truncate -s 1000 hole; truncate -s 3M all-hole; : > full/nothing
     ln full/random full/sub/linked; ln full/random linked; echo twice > one; ln one two
     ln -s full/random link; ln -s /nowhere/at/all dangling; ln -s "$(printf 'raw\\377\\n')" rawlink
     ln -s . loop; mkfifo -m 640 fifo; echo run > suid; touch sgid
     chmod 4755 suid; chmod 2750 sgid; chmod 1777 full
     echo locked > readonly; chmod 0444 readonly; touch none; chmod 0000 none
     mkdir shut; echo in > shut/inside; chmod 0500 shut`,
  );
}

function addAttributes(folder: string): void {
  shell(
    folder,
    `setfattr -n user.plain -v value one; setfattr -n user.empty full/nothing
     setfattr -n user.binary -v 0x00ff00 full; setfattr -n user.long -v ${"v".repeat(3000)} hole
     setfacl -m u:4711:rw,g:4712:r full/random
     setfacl -d -m u:4711:rwx full/sub; setfacl -m u:4711:x shut; setfacl -m u:4711:rw fifo`,
  );
}

/** Times last: whatever else is set would change them. */
function setTimes(folder: string): void {
  shell(
    folder,
    `touch -h -d '1999-12-31 23:59:59.987654321 UTC' link dangling fifo full/random
     touch -d '1960-05-05 05:05:05.000000005 UTC' readonly hole full/sub/deeper full/sub full empty
     touch -d '1969-12-31 23:59:59.999999999 UTC' suid shut
     touch -d '2200-01-01 00:00:00.123456789 UTC' sparse one .`,
  );
}

/** Names of folders: four of them make a path whose key is longer than 1,024 bytes. */
const longName = "long-".padEnd(255, "n");

/** Every odd name there is, each file holding its own name; what its key becomes is Holdfast's business. */
export function makeOddNames(folder: string): void {
  const names = `${folder}/names`;
  Deno.mkdirSync(names);
  touchAll(names, [...new Set([...oddNames, ...everyByteName(), ...writtenEscapes])]);
  shell(
    folder,
    `mkdir .holdfast .holdfast/log 'sp ace ' -- -dash "$(printf 'new\\nline')"
     mkdir "$(printf 'raw\\376')" '%41'
     echo a > .holdfast/repository.json; echo b > .holdfast/log/x; echo c > .holdfast.holdfast-chunks
     echo d > 'sp ace /dot.'; echo e > -dash/-file; echo f > '%41/%2F'
     echo g > "$(printf 'raw\\376')/$(printf '\\200')"; echo h > "$(printf 'new\\nline')/file"`,
  );
  makeChain(folder, 4, longName);
  // Each file tells which one it is, so that two that changed places are found.
  shell(
    folder,
    `find . -type f -empty -exec sh -c 'for f; do printf %s "$f" > "$f"; done' sh {} +`,
  );
}

/** Names that look like what the key escape makes. */
const writtenEscapes = ["%41", "%2F", "%2f", "%", "%%", "%4", "%zz", "%00", "A", "a%41b", "%2E%2E"];

/** A name of 255 bytes of which each needs an escape. */
export const allEscaped = textOfBytes(new Uint8Array(255).fill(0x81));
