import { HoldfastError } from "../core/error.ts";
import { isSmbUrl, parseSmbUrl, SMB_PORT, type SmbPlace, smbUrlText } from "../core/smb_url.ts";
import type { JobValues, LoginValues } from "./config_keys.ts";
import type { Problems } from "./config_problems.ts";
import type { ShareConfig, ShareLogin, SharesConfig, SourceConfig } from "./job_config.ts";
import { absolutePath } from "./local_path.ts";
import type { TomlPath } from "./toml_lines.ts";

export const DEFAULT_CONNECTIONS = 4;

export interface LoginContext {
  /** The job's own login keys, for sources that have none. */
  readonly common: LoginValues;
  readonly place: { readonly folder: string; readonly home: string };
}

/** Reads a source that is a share; undefined where it is a path. Throws kind "usage". */
export function readShare(
  path: string,
  own: LoginValues,
  { common, place }: LoginContext,
): { readonly path: string; readonly share: ShareConfig } | undefined {
  if (!isSmbUrl(path)) return undefined;
  const smb = parseSmbUrl(path);
  if (smb.share === "") {
    throw new HoldfastError("usage", "the URL names a server and no share", {
      hint: `\`holdfast shares ${smbUrlText(smb)}\` lists its shares`,
    });
  }
  const hasOwn = Object.values(own).some((value) => value !== undefined);
  const login = loginOf(smb, hasOwn ? own : common, place);
  return { path: smbUrlText(smb), share: { place: smb, login } };
}

/** How to sign in at a place, by these keys. Throws kind "usage" where they contradict each other. */
export function loginOf(
  { user }: SmbPlace,
  { auth, password_file: file, password_env: variable }: LoginValues,
  place: LoginContext["place"],
): ShareLogin {
  const way = auth ??
    (user === "" && file === undefined && variable === undefined ? "guest" : "password");
  const named = file === undefined
    ? variable === undefined ? undefined : "password_env"
    : "password_file";
  if (way !== "password" && named !== undefined) {
    throw contradiction(`auth = "${way}" needs no password, and ${named} names one`);
  }
  if (way === "guest" && user !== "") {
    throw contradiction(`auth = "guest", and the URL names the user ${user}`);
  }
  if (way === "password" && user === "") {
    throw new HoldfastError("usage", "the URL names no user", {
      hint: 'write smb://USER@HOST/SHARE; or auth = "guest", or auth = "kerberos"',
    });
  }
  if (file !== undefined && variable !== undefined) {
    throw contradiction("password_file and password_env both name a password");
  }
  if (way !== "password") return { way };
  return {
    way,
    ...(file === undefined ? {} : { file: absolutePath(file, place) }),
    ...(variable === undefined ? {} : { variable }),
  };
}

function contradiction(message: string): HoldfastError {
  return new HoldfastError("usage", message, { hint: "remove one of the two" });
}

const SHARE_ONLY = [
  ...["auth", "password_file", "password_env"] as const,
  ...["smb_connections", "smb_encryption", "smb_acls", "smb_streams", "smb_snapshot"] as const,
];

/** Keys about shares in a job that has none. */
export function checkShareKeys(
  values: JobValues,
  sources: readonly SourceConfig[],
  path: TomlPath,
  problems: Problems,
): void {
  const shares = sources.flatMap(({ share }) => share === undefined ? [] : [share]);
  const odd = values.smb_acls === true && shares.find(({ place }) => place.port !== SMB_PORT);
  if (odd) {
    problems.add(
      [...path, "smb_acls"],
      `security descriptors are read at port ${SMB_PORT} only, and ${odd.place.host} has another one`,
      "remove this line",
    );
  }
  if (shares.length > 0) return;
  for (const key of SHARE_ONLY) {
    if (values[key] === undefined) continue;
    problems.add([...path, key], "has no meaning without a source smb://…", "remove this line");
  }
}

export function sharesConfig(values: JobValues): SharesConfig {
  return {
    connections: values.smb_connections ?? DEFAULT_CONNECTIONS,
    encryption: values.smb_encryption ?? "negotiated",
    acls: values.smb_acls ?? false,
    streams: values.smb_streams ?? false,
    snapshot: values.smb_snapshot,
  };
}
