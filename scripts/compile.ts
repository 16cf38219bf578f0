/** `deno task compile [--target TRIPLE]`: makes dist/holdfast. */
import { parseArgs } from "node:util";
import { statSync } from "node:fs";
import { buildHoldfast } from "./build/holdfast_executable.ts";

const { values } = parseArgs({ args: Deno.args, options: { target: { type: "string" } } });
const { path, runtime } = await buildHoldfast(values.target);
console.log(`made ${path} (${(statSync(path).size / 2 ** 20).toFixed(0)} MiB)`);
if (runtime === "offline") {
  console.log(
    "its runtime is the stand-in from PyPI (Deno 2.6.10), as deno compile could not download its own:",
  );
  console.log("for tests and closed networks, not for releases");
}
