import { STILL_COLD } from "../core/cold/restore_refusals.ts";
import { HoldfastError } from "../core/error.ts";

/** Whether a read was refused because the object is archived and not warm (AWS: GetObject, 403). */
export function isColdRefusal(error: unknown): boolean {
  for (let at = error; at instanceof HoldfastError; at = at.cause) {
    if (STILL_COLD.has(String(at.context.code))) return true;
  }
  return false;
}
