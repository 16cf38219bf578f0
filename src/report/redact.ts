const REMOVED = "[removed]";

/**
 * Text without secrets: the values given, AWS key ids (as IAM forms them:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html), `name = value` of secret names,
 * authorization headers, signature parameters of presigned URLs, and the user part of URLs (of
 * `smb:` ones a password there).
 */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, REMOVED);
  return PATTERNS.reduce((rest, [pattern, by]) => rest.replace(pattern, by), clean);
}

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(authorization["']?\s*[:=]\s*)[^\r\n]+/gi, `$1${REMOVED}`],
  [/\b(AWS4-HMAC-SHA256)[ \t]+[^\r\n"']+/g, `$1 ${REMOVED}`],
  [
    /\b((?:x-amz-(?:signature|credential|security-token)|signature|awsaccesskeyid)["']?\s*[:=]\s*)["']?[^\s&"',;]+/gi,
    `$1${REMOVED}`,
  ],
  [
    /\b((?:aws_)?(?:secret_?access_?key|session_?token|access_?key_?id|secret_?key|password|passphrase)["']?\s*[:=]\s*)["']?[^\s&"',;]+/gi,
    `$1${REMOVED}`,
  ],
  [/\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, REMOVED],
  // Of a share the user is part of its name, and no secret.
  [/\b((?!smb:)[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']+@/gi, `$1${REMOVED}@`],
  [/\b(smb:\/\/[^\s/?#@"':]*):[^\s/?#@"']+@/gi, `$1:${REMOVED}@`],
  [/\bAGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+/gi, REMOVED],
];

/**
 * The values of environment variables that are secrets by their name. Values under 6 characters are
 * left alone: removing every "1" would spoil a log and hide nothing.
 */
export function secretsOf(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => secretName.test(name) && value.length >= 6)
    .map(([, value]) => value)
    .sort((a, b) => b.length - a.length);
}

const secretName =
  /^AWS_(?:SECRET_ACCESS_KEY|SESSION_TOKEN|ACCESS_KEY_ID|SECURITY_TOKEN|CONTAINER_AUTHORIZATION_TOKEN)$|SECRET|PASSW(?:OR)?D|PASSPHRASE|API_?KEY|PRIVATE_?KEY|TOKEN$/i;
