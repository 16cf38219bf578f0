/** Holds a file on a share so that nobody else may open it, as a Windows program does. */
import { fileURLToPath } from "node:url";
import type { Samba } from "../../scripts/samba_server.ts";
import { loginOf } from "../smb/share_fixture.ts";

export interface HeldFile {
  /** Lets go of it; the server notices the end of the connection in its own time. */
  release(): Promise<void>;
}

const holder = fileURLToPath(new URL("smb_lock_holder.ts", import.meta.url));

/** `path`: below the share. Throws where the server refuses it. */
export async function holdFile(samba: Samba, path: string): Promise<HeldFile> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", holder],
    ...{ stdin: "piped", stdout: "piped", stderr: "null" },
  }).spawn();
  const writer = child.stdin.getWriter();
  const question = { login: loginOf(samba), path: [samba.share, ...path.split("/")] };
  await writer.write(new TextEncoder().encode(JSON.stringify(question)));
  await writer.close();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const end = async () => {
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
  };
  const said = new TextDecoder().decode(value).trim();
  if (said === "held") return { release: end };
  await end();
  throw new Error(`${path} cannot be held: ${said}`);
}
