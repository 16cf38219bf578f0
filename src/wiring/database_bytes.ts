/** What a job's database takes on disk, with what SQLite has not merged into it yet. */
export function databaseBytes(stateFile: string): number {
  return sizeOf(stateFile) + sizeOf(`${stateFile}-wal`);
}

function sizeOf(file: string): number {
  try {
    return Deno.statSync(file).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
