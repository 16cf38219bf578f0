import assert from "node:assert/strict";
import fc from "fast-check";
import { removeDatabase } from "../../src/sqlite/job_log.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { verifyLog } from "../../src/app/verify_log.ts";
import { seed } from "../seed.ts";
import { createLog, databaseFolder, sha256 } from "../sqlite/log_fixture.ts";
import { basedOn } from "./based_log.ts";
import { anySteps, writeSteps } from "./moving_history.ts";

const HISTORIES = 40;

Deno.test(`a checkpoint anywhere, and the events behind it, give the same rows (seed ${seed})`, () => {
  const folder = databaseFolder();
  const replayer = sqliteReplayer(folder, sha256);
  try {
    fc.assert(
      fc.property(anySteps, fc.double({ min: 0, max: 1, noNaN: true }), (steps, share) => {
        const whole = createLog(`${folder}/whole.db`);
        const part = createLog(`${folder}/part.db`);
        writeSteps(whole, steps);
        const cut = Math.floor(share * whole.head().position);
        const lines = [...whole.lines()].map(({ line }) => line);
        if (cut > 0) part.importLines(lines.slice(0, cut));
        const based = basedOn(part, `${folder}/based.db`);
        assert.deepEqual(based.importLines(lines.slice(cut)), whole.head());
        assert.deepEqual(replayer.digests(based), replayer.digests(whole));
        const report = verifyLog(based, replayer, sha256, { chainOnly: false, emit() {} });
        assert.deepEqual([report.damage, report.from], [[], cut]);
        for (const log of [whole, part, based]) {
          log.close();
          removeDatabase(log.file);
        }
      }),
      { seed, numRuns: HISTORIES },
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
