/**
 * The seed of the property tests: HOLDFAST_SEED where it is set; in CI a fixed one, so that a red run
 * is about the change; else a new one each time, so that people's runs go on looking. Tests print it.
 */
export const seed = Number(
  Deno.env.get("HOLDFAST_SEED") ??
    (Deno.env.get("CI") === "true" ? 20_261_121 : Math.floor(Math.random() * 2 ** 31)),
);
