import { HoldfastError } from "./error.ts";

/** A place on a Windows (SMB) server: `smb://[DOMAIN;]USER@HOST[:PORT]/SHARE/PATH`. */
export interface SmbPlace {
  /** "" where the URL names none. */
  readonly domain: string;
  /** "" where the URL names none: a guest, or the owner of a Kerberos ticket. */
  readonly user: string;
  /** Lower case. */
  readonly host: string;
  readonly port: number;
  /** "" for the server itself. */
  readonly share: string;
  /** Names below the share; [] for all of it. */
  readonly path: readonly string[];
}

export const SMB_PORT = 445;

const form = "write smb://[DOMAIN;]USER@HOST[:PORT]/SHARE/PATH";

export function isSmbUrl(text: string): boolean {
  return /^smb:\/\//i.test(text);
}

/** Reads an SMB URL; `%` and what has a meaning in URLs is written as %XX. Throws kind "usage". */
export function parseSmbUrl(text: string): SmbPlace {
  const parts = /^smb:\/\/(?:([^@/]*)@)?([^/]*)(?:\/(.*))?$/i.exec(text);
  if (parts === null) throw refused("not an SMB URL", form);
  const [, login, server, path = ""] = parts;
  if (/[?#]/.test(text)) {
    throw refused("an SMB URL has no parameters", "in names write %3F for ? and %23 for #");
  }
  const names = path.split("/").map(decoded);
  while (names.at(-1) === "") names.pop();
  for (const name of names) checkName(name);
  const [share = "", ...below] = names;
  return { ...loginOf(login), ...serverOf(server), share, path: below };
}

function loginOf(login = ""): Pick<SmbPlace, "domain" | "user"> {
  if (login.includes(":")) {
    throw refused(
      "an SMB URL holds no password",
      "set password_file or password_env in the config, or be asked at the terminal",
    );
  }
  const parts = login.split(";");
  if (parts.length > 2) throw refused("a user has one domain", form);
  const [user, domain = ""] = parts.reverse().map(decoded);
  if (user === "" && domain !== "") throw refused("a domain without a user", form);
  return { domain, user };
}

function serverOf(server: string): Pick<SmbPlace, "host" | "port"> {
  const parts = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::(\d{1,5}))?$/.exec(server);
  if (parts === null) {
    throw refused(`${JSON.stringify(server)} is not a host, or a host and a port`, form);
  }
  const port = Number(parts[2] ?? SMB_PORT);
  if (port < 1 || port > 65535) throw refused(`${parts[2]} is not a port`, "1 to 65535");
  return { host: parts[1].toLowerCase(), port };
}

function checkName(name: string): void {
  if (name !== "" && name !== "." && name !== ".." && !/[/\\\0]/.test(name)) return;
  throw refused(`${JSON.stringify(name)} is not the name of a share or of a folder`, form);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new HoldfastError("usage", `${JSON.stringify(text)} is damaged`, {
      hint: "write % as %25",
      cause,
    });
  }
}

function refused(message: string, hint: string): HoldfastError {
  return new HoldfastError("usage", message, { hint });
}

/** The URL in its one form: equal places have equal texts. */
export function smbUrlText(place: SmbPlace): string {
  const { domain, user, host, port, share, path } = place;
  const login = domain === "" ? encoded(user) : `${encoded(domain)};${encoded(user)}`;
  const names = share === "" ? [] : [share, ...path];
  return `smb://${login === "" ? "" : `${login}@`}${host}${port === SMB_PORT ? "" : `:${port}`}` +
    names.map((name) => `/${encoded(name)}`).join("");
}

/** "//host/share/path", for people: without the user, and no name escaped. */
export function smbPlaceText({ host, port, share, path }: SmbPlace): string {
  const server = port === SMB_PORT ? host : `${host}:${port}`;
  return `//${[server, ...(share === "" ? [] : [share, ...path])].join("/")}`;
}

/** Spaces and letters of any script stay readable; what a URL gives a meaning to does not. */
function encoded(text: string): string {
  return text.replace(/[%/?#@:;\\]/g, (character) => encodeURIComponent(character));
}
