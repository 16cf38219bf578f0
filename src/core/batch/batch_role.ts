import { HoldfastError } from "../error.ts";

/** The IAM role that S3 Batch Operations works as, and the account that its jobs belong to. */
export interface BatchRole {
  readonly arn: string;
  /** "aws", "aws-cn" or "aws-us-gov". */
  readonly partition: string;
  /** 12 digits. */
  readonly account: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns */
const ROLE = /^arn:(aws(?:-[a-z]+)*):iam::(\d{12}):role\/[\x21-\x7e]{1,512}$/;

/** Reads a role's ARN. Throws kind "usage". */
export function readBatchRole(text: string): BatchRole {
  const [, partition, account] = ROLE.exec(text) ?? [];
  if (account === undefined) {
    throw new HoldfastError("usage", "expected the ARN of an IAM role", {
      hint: 'such as "arn:aws:iam::123456789012:role/holdfast-batch"',
    });
  }
  return { arn: text, partition, account };
}
