/**
 * What a child that reaches a share needs of the environment: where its libraries, their configuration,
 * tickets and temporary files are. Nothing else is handed on: passwords and keys may be in it.
 */
const NEEDED = new RegExp(
  "^(?:HOME|LOGNAME|PATH|TMPDIR|TZ|LANG|LC_\\w+|KRB5\\w*|SMB_CONF_PATH|LD_LIBRARY_PATH|" +
    "DYLD_\\w+|DENO_DIR|XDG_CACHE_HOME|XDG_RUNTIME_DIR)$",
);

/** For a child with `clearEnv`. */
export function childEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => NEEDED.test(name)),
  );
}
