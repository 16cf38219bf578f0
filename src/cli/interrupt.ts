import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import type { System } from "./system.ts";

/**
 * SIGINT and SIGTERM end a run cleanly: the first one fires the controller, the second one ends the
 * process. Returns a function that stops listening.
 */
export function listenForInterrupt(
  system: Pick<System, "onInterrupt">,
  controller: AbortController,
  onFirst: () => void,
): () => void {
  return system.onInterrupt(() => {
    if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
    controller.abort(
      new HoldfastError("interrupted", "interrupted", {
        hint: "run the same command again: it carries on",
      }),
    );
    onFirst();
  });
}
