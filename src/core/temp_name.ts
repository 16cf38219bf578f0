const prefix = ".holdfast-restore-";
const pattern = /^\.holdfast-restore-[0-9a-f]{16}$/;

/** A name for a file that is being written: recognized by `isTempName` after a killed restore. */
export function tempName(random: (n: number) => Uint8Array): string {
  return prefix + Array.from(random(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function isTempName(name: string): boolean {
  return pattern.test(name);
}
