/**
 * A source's path as a member's name in a pack. Holdfast's own members are below `.holdfast/`, and
 * the list of a file's chunks is its name and `.holdfast-chunks`: neither may be a source's.
 *
 * So a `~` is put behind a first segment that is `.holdfast`, and behind any segment that ends in
 * `.holdfast-chunks`; also where these already have one or more `~`. To read a name, cut one `~` off
 * such segments. All other names are what they are, so each path has one name and each name one path.
 * Any segment, not only the last: else a folder's name would not be that which its entries have.
 */
export function memberName(path: Uint8Array): Uint8Array {
  const ends = markedEnds(path);
  if (ends.length === 0) return path;
  const name = new Uint8Array(path.length + ends.length);
  let from = 0;
  ends.forEach((end, i) => {
    name.set(path.subarray(from, end), from + i);
    name[end + i] = TILDE;
    from = end;
  });
  name.set(path.subarray(from), from + ends.length);
  return name;
}

/** The path that a member's name was made of. A name that `memberName` does not make is unchanged. */
export function pathOfMember(name: Uint8Array): Uint8Array {
  const ends = markedEnds(name).filter((end) => name[end - 1] === TILDE);
  if (ends.length === 0) return name;
  const path = new Uint8Array(name.length - ends.length);
  let from = 0;
  ends.forEach((end, i) => {
    path.set(name.subarray(from, end - 1), from - i);
    from = end;
  });
  path.set(name.subarray(from), from - ends.length);
  return path;
}

const TILDE = 0x7e;
const SLASH = 0x2f;
const DOT = 0x2e;
const OWN = new TextEncoder().encode(".holdfast");
const CHUNKS = new TextEncoder().encode(".holdfast-chunks");

/** The ends of the segments that are marked, or to be marked, with a `~`. */
function markedEnds(path: Uint8Array): number[] {
  const ends: number[] = [];
  for (let dot = path.indexOf(DOT); dot >= 0; dot = path.indexOf(DOT, dot + 1)) {
    const isChunks = holds(path, dot, CHUNKS);
    if (!isChunks && !(dot === 0 && holds(path, dot, OWN))) continue;
    let end = dot + (isChunks ? CHUNKS : OWN).length;
    while (path[end] === TILDE) end++;
    if (end === path.length || path[end] === SLASH) ends.push(end);
  }
  return ends;
}

function holds(path: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (path[at + i] !== text[i]) return false;
  return true;
}
