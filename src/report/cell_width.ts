/** Columns that a text takes on a terminal: wide and combining characters by block, not by table. */
export function cellWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character.codePointAt(0)!);
  return width;
}

function widthOf(point: number): number {
  if (point < 0x300) return 1;
  if (point < 0x370 || (point >= 0x200b && point <= 0x200f) || point === 0xfe0f) return 0;
  const wide = (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0xffe0 && point <= 0xffe6) || point >= 0x1f300;
  return wide ? 2 : 1;
}

/** The text in at most `width` columns: its end is kept, for that is what tells paths apart. */
export function fitEnd(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  if (width < 2) return "";
  let kept = "";
  for (const character of [...text].reverse()) {
    if (cellWidth(character + kept) > width - 1) break;
    kept = character + kept;
  }
  return `…${kept}`;
}
