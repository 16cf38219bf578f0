/** Sets the clock of a folder store's simulated archive classes, for all processes at once. */
export function setSimulatedClock(root: string, text: string): void {
  const store = `${root}/.holdfast-store`;
  // Renamed: a process that reads the clock meanwhile finds the former or the new text.
  Deno.writeTextFileSync(`${store}/clock.tmp`, `${text}\n`);
  Deno.renameSync(`${store}/clock.tmp`, `${store}/clock`);
}

/** Names of the files of restore requests. */
export function requestFiles(root: string): string[] {
  return requestPaths(root).map((path) => path.slice(path.lastIndexOf("/") + 1));
}

/** What each request was answered, by object and in order. */
export function answersKept(root: string): string[] {
  return requestPaths(root).map((path) =>
    JSON.parse(Deno.readTextFileSync(path).split("\n")[0]).answer
  );
}

function requestPaths(root: string): string[] {
  const versions = `${root}/.holdfast-store/versions`;
  return [...Deno.readDirSync(versions)].flatMap(({ name: batch }) =>
    [...Deno.readDirSync(`${versions}/${batch}`)]
      .map(({ name }) => `${versions}/${batch}/${name}`)
      .filter((path) => path.includes(".restore"))
  ).sort();
}
