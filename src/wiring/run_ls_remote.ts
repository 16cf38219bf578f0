import { breather } from "../app/breather.ts";
import type { LsRemoteOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { objectLine, objectRecord } from "../report/object_text.ts";
import { recordLine } from "../report/records.ts";
import { systemEnvironment } from "./environment.ts";
import { lineBuffer } from "./line_buffer.ts";
import { storeOpener } from "./open_store.ts";

/** `holdfast ls --remote`: what the store holds, asked of the store; the database is not needed. */
export async function runLsRemote(input: RunInput<LsRemoteOptions>): Promise<number> {
  const { job, output, signal, options } = input;
  const environment = systemEnvironment();
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const open = await storeOpener(job, environment, { readOnly: true, signal, notice });
  const store = open();
  try {
    const breathe = breather(environment.clock, signal);
    const lines = lineBuffer(output.json ? output.raw : output.text);
    let count = 0;
    for await (const page of store.list(options.prefix)) {
      for (const object of page) {
        lines.add(output.json ? recordLine(objectRecord(object)) : objectLine(object, output.zone));
      }
      count += page.length;
      await breathe();
    }
    lines.flush();
    if (count === 0) notice(`the store holds nothing under ${store.url}/${options.prefix}`);
    return EXIT.done;
  } finally {
    store.close();
  }
}
