import { HoldfastError } from "../core/error.ts";
import { bytesOfText, hasRawBytes, type PathText } from "../core/path_text.ts";
import { SMB_PORT } from "../core/smb_url.ts";
import { AUTH_CALLBACK, openLibrary, type SmbCalls } from "./client_library.ts";

/** How a server is reached, and who asks. Sent to each child in its first frame, and nowhere else. */
export interface SmbLogin {
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  /** "" with the password "" for a guest, or whose the Kerberos ticket is. */
  readonly user: string;
  readonly password: string;
  /** The ticket of the user who runs this is used instead. */
  readonly kerberos: boolean;
  /** "required": nothing is sent that is not encrypted. */
  readonly encryption: "negotiated" | "required";
  /** Milliseconds after which a call is given up; a hung server may take three times that. */
  readonly timeout: number;
}

/** A process's way to one server. */
export interface SmbSession {
  readonly call: SmbCalls;
  errno(): number;
  clearErrno(): void;
  /** The library asks for security descriptors at the standard port, whatever the login says. */
  readonly hasDescriptors: boolean;
  /** Makes the next calls this session's, where a process has several. */
  enter(): void;
  /** "smb://host:port/share/name/…" for a call, as a C string. [] is the server itself. */
  urlOf(path: readonly PathText[]): Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();
const ENCRYPTION_REQUIRED = 2;
/** The library has one context for all calls. */
let entered: Deno.PointerValue = null;

/**
 * The context is made, nothing is connected yet. `writes`: DOS attributes will be set. Throws kind
 * "failed" and "usage".
 */
export function openSession(
  login: SmbLogin,
  { writes = false }: { readonly writes?: boolean } = {},
): SmbSession {
  const library = openLibrary();
  const { call } = library;
  const context = call.smbc_new_context();
  if (context === null) throw noContext();
  configure(call, context, [
    ...(writes ? MAPPED : []),
    ...(login.encryption === "required" ? ["client min protocol = SMB3_00"] : []),
  ]);
  // Standard output carries the protocol.
  call.smbc_setOptionDebugToStderr(context, 1);
  call.smbc_setDebug(context, 0);
  // A wrong password must not turn into what a guest may see.
  call.smbc_setOptionNoAutoAnonymousLogin(context, 1);
  call.smbc_setOptionUseKerberos(context, login.kerberos ? 1 : 0);
  call.smbc_setTimeout(context, login.timeout);
  if (login.encryption === "required") {
    call.smbc_setOptionSmbEncryptionLevel(context, ENCRYPTION_REQUIRED);
  }
  call.smbc_setFunctionAuthDataWithContext(context, answerWith(login));
  if (call.smbc_init_context(context) === null) throw noContext();
  const enter = () => {
    if (entered === context) return;
    call.smbc_set_context(context);
    entered = context;
  };
  enter();
  const base = `smb://${login.host}:${login.port}/`;
  return {
    ...{ ...library, enter, hasDescriptors: login.port === SMB_PORT },
    urlOf: (path) => encoder.encode(`${base}${path.map(encodedName).join("/")}\0`),
  };
}

/** By default libsmbclient makes only some DOS attributes of a mode, whatever the server can do. */
const MAPPED = ["map archive = yes", "map hidden = yes", "map system = yes"];

/** Beside the configuration of the machine, which stays in force. */
function configure(call: SmbCalls, context: Deno.PointerValue, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const file = Deno.makeTempFileSync({ prefix: "holdfast-smb-" });
  try {
    Deno.writeTextFileSync(file, ["[global]", ...lines, ""].join("\n"));
    if (call.smbc_setConfiguration(context, encoder.encode(`${file}\0`)) < 0) throw noContext();
  } finally {
    Deno.removeSync(file);
  }
}

function encodedName(name: PathText): string {
  if (!hasRawBytes(name)) return encodeURIComponent(name);
  return Array.from(bytesOfText(name), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

function noContext(): HoldfastError {
  return new HoldfastError("failed", "libsmbclient cannot be set up", {
    hint: "look at its configuration (testparm -s), then run again",
  });
}

/** Callbacks that a library may call must not be collected. */
const callbacks: Deno.UnsafeCallback<typeof AUTH_CALLBACK>[] = [];

/** Without a name libsmbclient signs in as a guest; a ticket says by itself whose it is. */
const OWNER_OF_TICKET = "kerberos";

function answerWith({ domain, user, password, kerberos }: SmbLogin): Deno.PointerValue {
  const name = kerberos && user === "" ? OWNER_OF_TICKET : user;
  const texts = [domain, name, password].map((text) => encoder.encode(`${text}\0`));
  // Sizes of the buffers that the library hands over (libsmb_server.c: fstring).
  if (texts.some((text) => text.length > 256)) {
    throw new HoldfastError("usage", "domain, user or password is longer than 255 bytes", {
      hint: "use another login",
    });
  }
  const callback = new Deno.UnsafeCallback(AUTH_CALLBACK, (_context, _server, _share, ...to) => {
    const [domainAt, domainSize, userAt, userSize, passwordAt, passwordSize] = to;
    // An empty domain leaves that of the library's configuration.
    if (domain !== "") put(texts[0], domainAt, domainSize);
    put(texts[1], userAt, userSize);
    put(texts[2], passwordAt, passwordSize);
  });
  callbacks.push(callback);
  return callback.pointer;
}

function put(text: Uint8Array, at: Deno.PointerValue, size: number): void {
  if (at === null || text.length > size) return;
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(at, size)).set(text);
}
