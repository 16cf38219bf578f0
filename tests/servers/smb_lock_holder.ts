/** Run by smb_lock.ts: holds the file that standard input names until this process is ended. */
import { openSession } from "../../src/smb/client_session.ts";

/** libsmbclient.h, smbc_share_mode. */
const DENY_ALL = 1;

const { login, path } = await new Response(Deno.stdin.readable).json();
const session = openSession(login);
const { smbc_setOptionOpenShareMode } = Deno.dlopen("libsmbclient.so.0", {
  smbc_setOptionOpenShareMode: { parameters: ["pointer", "i32"], result: "void" },
}).symbols;
// Asked with NULL it only tells the context.
smbc_setOptionOpenShareMode(session.call.smbc_set_context(null), DENY_ALL);
const file = session.call.smbc_open(session.urlOf(path), 0, 0);
console.log(file < 0 ? `errno ${session.errno()}` : "held");
if (file >= 0) await new Promise(() => setInterval(() => {}, 1 << 30));
