import { displayPath, type PathText } from "../core/path_text.ts";
import { type EntryStat, type EntryType, ownerText } from "../core/stat_record.ts";
import { grouped } from "./count_text.ts";
import { timeText, type ZoneOffset } from "../core/time_text.ts";

const TYPE_LETTERS: { readonly [type in EntryType]: string } = {
  file: "-",
  folder: "d",
  symlink: "l",
  block: "b",
  char: "c",
  fifo: "p",
};

/** `ls`: the path, folders with a slash at the end. */
export function entryLine(path: PathText, type: EntryType): string {
  return displayPath(path) + (type === "folder" ? "/" : "");
}

/** `ls --long`: mode, owner, size, time and path, as ls(1) has them. */
export function longEntryLine(
  path: PathText,
  stat: EntryStat,
  options: { readonly zone: ZoneOffset; readonly target?: PathText },
): string {
  const { zone, target } = options;
  const time = timeText(Number(stat.mtime / 1_000_000n), zone);
  const owner = ownerText(stat.uid, stat.gid).padEnd(11);
  const arrow = target === undefined ? "" : ` -> ${displayPath(target)}`;
  const size = sizeText(stat).padStart(15);
  return `${modeText(stat)}  ${owner} ${size}  ${time}  ${entryLine(path, stat.type)}${arrow}`;
}

function sizeText(stat: EntryStat): string {
  if (stat.type === "block" || stat.type === "char") {
    return `${stat.rdev >> 32n}, ${stat.rdev & 0xffffffffn}`;
  }
  return stat.type === "file" ? grouped(stat.size) : "-";
}

/** `drwxr-sr-x`, as POSIX's ls(1) says it. */
export function modeText({ type, mode }: Pick<EntryStat, "type" | "mode">): string {
  const special = [mode & 0o4000, mode & 0o2000, mode & 0o1000];
  const letters = ["s", "s", "t"];
  const triples = [6, 3, 0].map((shift, i) => {
    const bits = mode >> shift;
    const execute = bits & 1 ? "x" : "-";
    const letter = bits & 1 ? letters[i] : letters[i].toUpperCase();
    return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${special[i] ? letter : execute}`;
  });
  return TYPE_LETTERS[type] + triples.join("");
}
