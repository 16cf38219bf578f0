/** The server logs a request after it has answered it: as long as lines come, more may. */
const STILL_MS = 250;

/** The text of a server's access log once it stands still. */
export async function settledLog(file: string): Promise<string> {
  let text: string | undefined;
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, STILL_MS));
    const next = await Deno.readTextFile(file);
    if (next === text) return text;
    text = next;
  }
}
