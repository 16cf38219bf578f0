import { Option } from "@commander-js/extra-typings";
import { type Tier, tierNamed } from "../core/cold/restore_state.ts";
import { HoldfastError } from "../core/error.ts";
import { addMaxCost } from "./backup_options.ts";
import { type Extensible, valueOf } from "./command_context.ts";
import type { WarmUpWishes } from "./runner.ts";

interface WarmUpArguments {
  readonly tier?: "bulk" | "standard" | "expedited";
  readonly days?: number;
  readonly allowSlower?: true;
  readonly wait?: true;
  readonly requestOnly?: true;
  readonly maxCost?: number;
  readonly via?: "batch-operations";
}

/** Of each command that restores. */
export const TARGET_PASSWORD = [
  "--password-file <file>",
  "file with the password of the share to restore into",
] as const;

/** How what is archived is warmed up; read with `opts()`. */
export function addWarmUpOptions(command: Extensible): void {
  const options = [
    new Option("--tier <tier>", "how fast archived objects are warmed up")
      .choices(["bulk", "standard", "expedited"] as const),
    new Option("--days <n>", "for how many days their restored copies are kept")
      .argParser(valueOf("--days", parseDays)),
    new Option("--wait", "wait until what is archived is warm, and restore it"),
    new Option("--request-only", "ask for what is archived, and download nothing"),
    new Option(
      "--allow-slower",
      "take the next slower tier where the service has no capacity for Expedited",
    ),
    new Option(
      "--via <way>",
      "have jobs of S3 Batch Operations ask for it, instead of a request an object (not yet run on " +
        "AWS)",
    ).choices(["batch-operations"] as const),
  ];
  for (const option of options) command.addOption(option);
  addMaxCost(command);
}

export function warmUpWishes(options: object): WarmUpWishes {
  const { tier, days, allowSlower, wait, requestOnly, maxCost, via }: WarmUpArguments = options;
  if (tier === "expedited" && via !== undefined) {
    throw new HoldfastError("usage", "S3 Batch Operations has no Expedited tier", {
      hint: "leave --via out, or take --tier standard",
    });
  }
  if (allowSlower && tier !== undefined && tier !== "expedited") {
    throw new HoldfastError(
      "usage",
      `--tier ${tier} is never refused: --allow-slower does nothing`,
      {
        hint: "leave it out, or take --tier expedited",
      },
    );
  }
  if (wait && requestOnly) {
    throw new HoldfastError("usage", "--wait and --request-only contradict each other", {
      hint: "leave one of them out",
    });
  }
  return {
    tier: tier === undefined ? undefined : tierNamed(tier) satisfies Tier,
    ...{ days, budget: maxCost, slower: allowSlower ?? false },
    ...{ wait: wait ?? false, requestOnly: requestOnly ?? false },
    viaBatch: via !== undefined,
  };
}

function parseDays(text: string): number {
  const days = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= 36_500) return days;
  throw new HoldfastError("usage", `${JSON.stringify(text)} is no number of days`, {
    hint: "write a whole number from 1 to 36500, such as 7",
  });
}
