import { HoldfastError } from "../core/error.ts";

/**
 * Folds an event that this program has not written itself. Throws kind "damage" where it is JSON, but
 * not of the form that its type has.
 */
export function checkedEvent<Result>(position: number, fold: () => Result): Result {
  try {
    return fold();
  } catch (error) {
    throw isOfTheData(error) ? senseless(position, error) : error;
  }
}

/** What a fold meets in such an event. */
function isOfTheData(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}

function senseless(position: number, cause: Error): HoldfastError {
  return new HoldfastError(
    "damage",
    `event ${position} does not say what its type demands: ${cause.message}`,
    { context: { position }, cause },
  );
}
