import type { SharesOptions, ToolInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import type { ShareRecord } from "../report/records.ts";
import { shareLines } from "../report/share_text.ts";
import { startChild } from "../smb/child_process.ts";
import { openingError } from "../smb/opening_error.ts";
import { login, sharesOf } from "../smb/share_calls.ts";
import { childCommand } from "./child_command.ts";
import { loginTo } from "./share_login.ts";

const WATCHDOG_MS = 2 * 60_000;

/** `holdfast shares`. */
export async function runShares(input: ToolInput<SharesOptions>): Promise<number> {
  const { output, options: { share }, askSecret } = input;
  const known = await loginTo(share, { encryption: "negotiated", askSecret });
  const child = startChild(childCommand(), WATCHDOG_MS);
  const stop = () => void child.end();
  input.signal.addEventListener("abort", stop);
  try {
    await login(child, known);
    const shares = (await sharesOf(child)).map((found): ShareRecord => ({
      record: "share",
      ...found,
    }));
    for (const found of shares) output.record(found);
    if (shares.length > 0) output.text(...shareLines(shares));
    else output.signal({ kind: "notice", text: "the server tells of no share" });
    return EXIT.done;
  } catch (error) {
    throw openingError(share.place, error, false);
  } finally {
    input.signal.removeEventListener("abort", stop);
    await child.end();
  }
}
