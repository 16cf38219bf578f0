import { HoldfastError, isKind } from "../core/error.ts";
import { displayPath } from "../core/path_text.ts";
import { type SmbPlace, smbPlaceText } from "../core/smb_url.ts";

/** Why a call about one entry failed: "EACCES"; undefined where it is another error. */
export function errnoOf(error: unknown): string | undefined {
  return isKind(error, "entry") ? String(error.context.errno ?? "") : undefined;
}

/**
 * What an error at the opening of a share is about: the network, the login, the share. `isShareThere`
 * is known where something of the share could be listed.
 */
export function openingError(
  place: SmbPlace,
  error: unknown,
  isShareThere: boolean,
): unknown {
  const shown = smbPlaceText(place);
  const about = { context: { path: shown }, cause: error };
  if (isKind(error, "unreachable")) {
    return new HoldfastError("unreachable", `cannot reach ${shown}: ${error.message}`, {
      ...about,
      hint: "look whether the server is on, and its name and port in the URL are right",
    });
  }
  switch (errnoOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
    case "ENODEV":
      return new HoldfastError("gone", goneText(place, isShareThere), {
        ...about,
        hint: isShareThere
          ? "correct the path in the config; nothing was taken for deleted"
          : "`holdfast shares` lists the server's shares; nothing was taken for deleted",
      });
    case "EACCES":
    case "EPERM":
      return new HoldfastError("denied", deniedText(place, isShareThere), {
        ...about,
        hint: isShareThere
          ? "give the user the right to read it"
          : "look at user, domain and password, and whether the user may read the share",
      });
    case "EINVAL":
    case "ENOTSUP":
      return new HoldfastError("denied", `${shown}: the server and this machine do not agree`, {
        ...about,
        hint: "one demands encryption or a protocol that the other does not have, or there is no " +
          "Kerberos ticket: run kinit, and name the server as its ticket does, not by its address",
      });
    default:
      return error;
  }
}

function goneText(place: SmbPlace, isShareThere: boolean): string {
  if (isShareThere) return `the source is not there: ${displayPath(smbPlaceText(place))}`;
  return `the server ${place.host} has no share ${displayPath(place.share)}`;
}

function deniedText({ host, share, user, path }: SmbPlace, isShareThere: boolean): string {
  const who = user === "" ? "without a user" : `as ${displayPath(user)}`;
  if (isShareThere) return `${displayPath(path.join("/"))} may not be read ${who}`;
  return `the server ${host} refuses ${displayPath(share)} ${who}`;
}
