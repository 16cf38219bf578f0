/** A real Samba server of a test. Where it is not installed the tests that need it are skipped. */
import {
  missingSambaProgram,
  type Samba,
  type SambaOptions,
  startSamba,
} from "../../scripts/samba_server.ts";
import { skip } from "../sources/tree_tools.ts";

/** A running server; undefined where the test is skipped, having said so. */
export async function sambaFor(
  test: string,
  options: SambaOptions = {},
): Promise<Samba | undefined> {
  const missing = missingSambaProgram();
  if (missing === undefined) return await startSamba(options);
  skip(test, `${missing} is not installed`);
  return undefined;
}
