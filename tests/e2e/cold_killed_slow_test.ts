import { killAndResume } from "./cold_killed.ts";
import { withPlace } from "./place.ts";

Deno.test("a 48-hour restore of 2,000 objects killed 200 times asks once and writes each file once", () =>
  withPlace((place) => killAndResume(place, { files: 2000, kills: 200 })));

Deno.test("a restore of 400 objects killed 40 times, its database lost midway, asks once and writes each file once", () =>
  withPlace((place) => killAndResume(place, { files: 400, kills: 40, losesDatabase: true })));
