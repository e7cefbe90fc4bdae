import { NonFiniteError, NotConvergedError, ResourceError } from "../core/index.js";

/**
 * Runs a step of a public function that is itself a public function, and lets an overflow, a lack of memory or a stalled
 * iteration in it speak in the name of the one that the user called.
 */
export function inTheNameOf<T>(caller: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    for (const kind of [NonFiniteError, NotConvergedError, ResourceError]) {
      if (error instanceof kind) throw new kind({ ...error.details, function: caller });
    }
    throw error;
  }
}
