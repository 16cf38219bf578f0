import type { LifecycleRule as SdkRule } from "@aws-sdk/client-s3";
import { isKind } from "../../core/error.ts";
import type { LifecycleRule } from "../../core/lifecycle_danger.ts";
import type { StoreContext } from "./context.ts";

/** The bucket's rules (GetBucketLifecycleConfiguration); [] where it has none. */
export async function lifecycleRules(context: StoreContext): Promise<LifecycleRule[]> {
  try {
    const answer = await context.call(
      { operation: "GetBucketLifecycleConfiguration", key: "" },
      ({ connection: { sdk, client }, send }) =>
        client.send(
          new sdk.GetBucketLifecycleConfigurationCommand({ Bucket: context.options.bucket }),
          send,
        ),
    );
    return (answer.Rules ?? []).map(ruleOf);
  } catch (error) {
    if (isKind(error, "gone", "refused") && error.context.code === NO_RULES) return [];
    throw error;
  }
}

const NO_RULES = "NoSuchLifecycleConfiguration";

function ruleOf(rule: SdkRule): LifecycleRule {
  const { Filter: filter } = rule;
  return {
    id: rule.ID ?? "",
    enabled: rule.Status === "Enabled",
    prefix: filter?.And?.Prefix ?? filter?.Prefix ?? rule.Prefix ?? "",
    tagged: filter?.Tag !== undefined || (filter?.And?.Tags?.length ?? 0) > 0,
    expires: rule.Expiration?.Days !== undefined || rule.Expiration?.Date !== undefined,
    transitions: (rule.Transitions ?? []).map((transition) =>
      transition.StorageClass ?? "another class"
    ),
  };
}
