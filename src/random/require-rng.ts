import { ArgumentError, describe } from "../core/index.js";
import type { Rng } from "./rng.js";

/**
 * Checks that a stream of random numbers was given and returns it.
 *
 * @param caller name of the function, for the message
 * @throws {ArgumentError} when it is missing or no Rng
 *
 * @example
 * ```ts
 * import { createRng, requireRng } from "eigenscope/random";
 * const rng = createRng(1);
 * console.log(requireRng(rng, "shuffle") === rng); // true
 * ```
 */
export function requireRng(rng: unknown, caller: string): Rng {
  const candidate = rng as Partial<Rng> | null | undefined;
  if (typeof candidate?.uint32 === "function" && typeof candidate.normal === "function") return candidate as Rng;
  throw new ArgumentError({
    function: caller,
    argument: "rng",
    expected: "a stream of random numbers",
    got: describe(rng),
    remedy: "pass { rng: createRng(seed) }",
  });
}
