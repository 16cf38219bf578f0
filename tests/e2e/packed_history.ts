/** A job in the pack layout with some runs behind it, and its source as it was after each. */
import { canMakeDevices, shell } from "../sources/tree_tools.ts";
import { mustEnd, type Place, recordsOf } from "./holdfast.ts";
import { editConfig, settle } from "./place.ts";

export interface PackedHistory {
  readonly place: Place;
  /** Opens the repository, as its last recipient. */
  readonly identity: string;
  /** Oldest first. */
  readonly states: readonly PackedState[];
}

export interface PackedState {
  /** Position of its snapshot. */
  readonly snapshot: number;
  /** A copy of what is to be in the restore's folder. */
  readonly folder: string;
  /** Of the sources that have one: theirs are folders in there, and that itself is no entry. */
  readonly names: readonly string[];
}

/** Options of `init` that make two identities' recipients the job's; the last identity's file. */
export async function twoRecipients(
  place: Place,
): Promise<{ readonly options: string[]; readonly identity: string }> {
  const options = ["--layout", "pack"];
  let identity = "";
  for (const name of ["first", "second"]) {
    identity = `${place.folder}/${name}.identity`;
    const made = await mustEnd(0, place, ["key", "generate", "--output", identity]);
    options.push("--recipient", made.stdout.trim());
  }
  return { options, identity };
}

/**
 * Seven runs: duplicates, renames of files and folders, a swap, hard links, a large file that is
 * edited, deletions, names of all kinds, another machine that takes the job over, and at last a name
 * for the source, and another one beside it.
 */
export async function makeHistory(
  test: string,
  first: Place,
  identity: string,
): Promise<PackedHistory> {
  const { folder } = first;
  const src = `${folder}/src`;
  const states: PackedState[] = [];
  let place = first;
  const backup = async (...sources: readonly (readonly [folder: string, name: string])[]) => {
    await settle();
    const state = `${folder}/states/${states.length}`;
    Deno.mkdirSync(`${folder}/states`, { recursive: true });
    if (sources.length > 0) Deno.mkdirSync(state);
    for (const [from, name] of sources) shell(folder, `cp -a '${from}' '${state}/${name}'`);
    if (sources.length === 0) shell(folder, `cp -a src '${state}'`);
    await mustEnd(0, place, ["backup", "--accept-deletions"]);
    const listed = recordsOf(await mustEnd(0, place, ["--json", "snapshots"]));
    const names = sources.map(([, name]) => name);
    states.push({ snapshot: listed.at(-1)!.position, folder: state, names });
  };

  makeTree(test, src);
  await backup();
  shell(src, EDITS);
  await backup();
  shell(src, RENAMES);
  await backup();
  shell(src, DELETIONS);
  await backup();

  place = { ...first, state: `${folder}/elsewhere/job.db` };
  await mustEnd(0, place, ["--yes", "takeover", "--identity", identity]);
  // As it was before it was removed: read again, and nothing is stored.
  shell(src, "mv letters/home letters/away; rm -- -dash; mkdir old; echo o > old/gone");
  await backup();

  const setSources = (...tables: string[]) =>
    editConfig(place, /sources = .*/, `sources = [${tables.join(", ")}]`);
  setSources(`{ path = "${src}", name = "home" }`);
  await backup(["src", "home"]);
  shell(folder, "mkdir other; echo other > other/one; ln -s one other/link");
  shell(src, "mv big bigger; mv 'a folder' letters/");
  setSources(
    `{ path = "${src}", name = "home" }`,
    `{ path = "${folder}/other", name = "the other" }`,
  );
  await backup(["src", "home"], ["other", "the other"]);
  return { place, identity, states };
}

function makeTree(test: string, folder: string): void {
  shell(
    folder,
    `mkdir -p letters/home/deep 'a folder' old empty .holdfast "$(printf 'raw\\376')"
     echo one > letters/one; echo two > letters/home/two; echo three > letters/home/deep/three
     echo one > twin; ln letters/one linked; : > nothing; : > nothing2
     head -c 20000000 /dev/urandom > big; head -c 9000000 /dev/urandom > mid
     ln -s letters/one link; ln -s "$(printf '/no/\\377where\\n')" 'a folder/rawlink'; mkfifo fifo
     echo n > "$(printf 'new\\nline')"; echo e > "$(printf 'end\\n')"; echo r > "$(printf 'raw\\377')"
     echo i > "$(printf 'raw\\376')/$(printf 'in\\nside')"; echo d > -dash; echo p > 'per%41|cent\\b'
     echo s > ' spaces '; echo u > "é-$(printf 'e\\314\\201')"; echo g > 'glob*[a]'; echo o > old/gone
     echo own > .holdfast/own; echo c > list.holdfast-chunks; echo suid > suid; chmod 4755 suid
     long=$(printf 'ü%.0s' $(seq 100)); mkdir -p "$long/$long"; echo long > "$long/$long/file"
     raw=$(printf '\\377%.0s' $(seq 120)); echo long > "$raw"; ln -s "$raw$raw" longlink
     setfattr -n user.plain -v value letters/one; setfattr -n user.empty nothing
     setfattr -n user.binary -v 0x00ff0a00 letters; setfacl -m u:4711:rw letters/home/two
     setfacl -d -m g:4712:rx letters/home; echo readonly > readonly; chmod 0400 readonly
     touch -h -d '1969-12-31 23:59:58.987654321 UTC' link 'a folder' twin
     touch -d '2200-01-01 00:00:00.000000001 UTC' letters/one empty`,
  );
  if (Deno.uid() !== 0) return;
  shell(
    folder,
    `chown 4711:4712 twin empty; chown -h 1234:1234 link; chmod 2750 twin
     echo none > none; chmod 0000 none; mkdir -m 0000 shut; echo in > shut/inside
     setfattr -n trusted.t -v t readonly
     setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 suid`,
  );
  if (canMakeDevices(test, folder)) shell(folder, "mknod char c 1 3; mknod block b 259 70000");
}

/** One per cent of the large file in its middle, copies, changes of metadata alone. */
const EDITS = `
  head -c 200000 /dev/urandom | dd of=big bs=1000 seek=9000 conv=notrunc 2>/dev/null
  cp letters/home/two copy; cp big big2; chmod 640 letters/home/deep/three; chmod 700 letters/home
  setfattr -x user.plain letters/one; setfattr -n user.new -v new letters/home/deep/three
  touch -d '2001-01-01 00:00:00.5 UTC' letters/home/two; echo four > letters/four`;

/** Of a folder with folders below it, of a file into it, two names swapped, a folder in its place. */
const RENAMES = `
  mv letters/home moved; mkdir letters/home; echo another > letters/home/two; mv moved/deep letters/
  mv copy letters/home/; mv twin t; mv letters/four twin; mv t letters/four
  mv "$(printf 'raw\\376')" 'a folder/now'; rm link; mkdir link; echo below > link/below
  ln linked 'a folder/third'; ln -sfn elsewhere longlink`;

const DELETIONS = `
  rm -r old .holdfast empty moved; rm nothing2 "$(printf 'end\\n')" big2 linked; mkdir .holdfast~
  echo x > .holdfast~/x; echo small > mid; touch empty; truncate -s 5000000 mid
  echo last > "$(printf 'last\\n\\n')"`;
