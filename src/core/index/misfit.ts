import { HoldfastError } from "../error.ts";
import { displayPath, joinPath, type PathText } from "../path_text.ts";

/** Where an event says something of entries: for the messages about events that do not fit. */
export interface EventPlace {
  readonly source: string;
  readonly path: PathText;
  readonly position: number;
  /** The job's content is in packs: a move changes no key. */
  readonly packs?: boolean;
}

export function unknownFolder(at: EventPlace): HoldfastError {
  return new HoldfastError(
    "damage",
    `event ${at.position} is about entries in ${
      displayPath(at.path) || "/"
    }, a folder that no event before it names`,
    { context: { position: at.position, source: at.source } },
  );
}

export function misplaced(at: EventPlace, name: PathText): HoldfastError {
  return new HoldfastError(
    "damage",
    `event ${at.position} about ${
      displayPath(joinPath(at.path, name))
    } does not follow the event it names as the one before`,
    { context: { position: at.position, source: at.source } },
  );
}
