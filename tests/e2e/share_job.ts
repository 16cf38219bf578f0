/** A job that backs up the share of a Samba server to a folder store. */
import { type Samba, type SambaOptions, SIGNING } from "../../scripts/samba_server.ts";
import { sambaFor } from "../servers/samba.ts";
import { run, shell } from "../sources/tree_tools.ts";
import type { Ended, Place } from "./holdfast.ts";
import { folderJob, type JobOptions, withPlace } from "./place.ts";
import { withSamba } from "../smb/share_fixture.ts";

/** Calls `use` with a place and the server; both are removed afterwards. Not where there is none. */
export function withShare(
  samba: Samba | undefined,
  use: (place: Place, samba: Samba) => Promise<void>,
): Promise<void> {
  return withSamba(samba, (server) => withPlace((place) => use(place, server)));
}

type ShareTest = (place: Place, samba: Samba) => Promise<void>;

export function shareTest(name: string, use: ShareTest, options: SambaOptions = {}): void {
  Deno.test(name, async () => await withShare(await sambaFor(name, options), use));
}

/** With its defaults, with signing demanded, and with encryption demanded. */
export function everyServer(name: string, use: ShareTest, options: SambaOptions = {}): void {
  for (const signing of SIGNING) {
    shareTest(`${signing} server: ${name}`, use, { ...options, signing });
  }
}

export async function shareJob(
  place: Place,
  samba: Samba,
  { path = "", ...options }: JobOptions & { readonly path?: string } = {},
): Promise<Place> {
  return await folderJob(place, {
    sources: [`${samba.url}${path}`],
    ...options,
    init: ["--password-file", passwordFile(place, samba.password), ...options.init ?? []],
  });
}

export function passwordFile({ folder }: Place, password: string): string {
  const file = `${folder}/password`;
  Deno.writeTextFileSync(file, `${password}\n`, { mode: 0o600 });
  return file;
}

/** 4,000 files in 40 folders, and names that tools stumble over. */
export function makeShare(folder: string, folders = 40): void {
  const script = `i=0; while [ $i -lt ${folders} ]; do mkdir -p many/$i
    j=0; while [ $j -lt 100 ]; do echo "$i $j" > many/$i/$j.txt; j=$((j+1)); done; i=$((i+1)); done`;
  shell(folder, script);
  const names = [
    "umlaut-ä",
    "nfc-\u00e9",
    "nfd-e\u0301",
    "漢字",
    "emoji-😀",
    "100% #1!",
    "a=b;c@d",
  ];
  for (const name of names) {
    Deno.mkdirSync(`${folder}/${name}`);
    Deno.writeTextFileSync(`${folder}/${name}/${name}.txt`, name);
  }
  shell(folder, "mkdir empty; : > nothing; head -c 3000000 /dev/urandom > large");
  makeOld(folder);
}

/** So old that nothing of it counts as racy: of a share the window is 3 s. */
export function makeOld(folder: string): void {
  shell(folder, "find . -depth -exec touch -h -d '2020-02-02 02:02:02.123456700Z' {} +");
}

/** Fails where names, contents or times differ; a share has neither owners nor modes. */
export function differences(from: string, to: string): string {
  const compare = ["-rtnc", "--itemize-changes", "--delete", "--modify-window=0"];
  return run("rsync", [...compare, `${from}/`, `${to}/`]);
}

/** smbclient on the share; its output. */
export function smbclient(samba: Samba, commands: string): string {
  const { host, port, share, user, password } = samba;
  const login = ["-p", String(port), "-U", `${user}%${password}`, `//${host}/${share}`];
  return run("smbclient", [...login, "-c", commands]);
}

/** Fails where the password stands in anything that a person or another program can see. */
export function tellsSecret({ folder }: Place, { password }: Samba, ended: Ended): string[] {
  const files = shell(folder, "find state home holdfast.toml -type f").trim().split("\n");
  const places = files.filter((file) => textOf(`${folder}/${file}`).includes(password));
  return ended.said.includes(password) ? [...places, "output"] : places;
}

/** Bytes as characters: the password may be in the middle of anything. */
function textOf(file: string): string {
  return new TextDecoder().decode(Deno.readFileSync(file));
}
