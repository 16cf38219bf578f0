import { killAndResume } from "./cold_killed.ts";
import { withPlace } from "./place.ts";

Deno.test("a restore of 200 archived files killed 16 times asks once and writes each file once", () =>
  withPlace((place) => killAndResume(place, { files: 200, kills: 16 })));
