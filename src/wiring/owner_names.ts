import type { OwnerNames } from "../app/store_context.ts";

/** User and group names from passwd(5) and group(5); none where those files are not. */
export function ownerNames(): OwnerNames {
  let users: Map<number, string> | undefined;
  let groups: Map<number, string> | undefined;
  return (uid, gid) => {
    users ??= readNames("/etc/passwd");
    groups ??= readNames("/etc/group");
    const owner = users.get(uid);
    const group = groups.get(gid);
    return { ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) };
  };
}

function readNames(file: string): Map<number, string> {
  const names = new Map<number, string>();
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch {
    return names;
  }
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (id !== undefined && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
