/** Puts objects until it is killed; says each one that was acknowledged on a line of its own. */
import { openAt } from "./opened_folder.ts";

export function bodyOf(key: string, round: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${key} ${round}\n`.repeat(1 + (round * 37) % 400));
}

if (import.meta.main) {
  const [root, from] = Deno.args;
  const store = openAt(root);
  let round = Number(from);
  const lane = async () => {
    while (true) {
      const mine = round++;
      const key = mine % 3 === 0 ? `odd/../${mine % 7}` : `dir ${mine % 5}/${mine % 11}`;
      const { versionId } = await store.put(key, bodyOf(key, mine), {});
      console.log(JSON.stringify([key, mine, versionId]));
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}
