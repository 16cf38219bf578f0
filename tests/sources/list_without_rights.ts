/** Run by the contract tests in a process without root's rights: prints what a walker says. */
import { HoldfastError } from "../../src/core/error.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";

const [folder, walker] = Deno.args;
const root = openLocalSource(folder, { walker: walker as "linux" | "portable" }).open();

function kindOf(call: () => void): string {
  try {
    call();
    return "none";
  } catch (error) {
    return error instanceof HoldfastError ? `${error.kind}: ${error.message}` : String(error);
  }
}

const blind = root.folder.enter("blind").list();
console.log(JSON.stringify({
  shut: kindOf(() => root.folder.enter("shut").list()),
  file: kindOf(() => root.openFile("secret")),
  blind: blind.failed,
  count: blind.count,
}));
root.close();
