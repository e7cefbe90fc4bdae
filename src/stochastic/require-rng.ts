import { ArgumentError, describe } from "../core/index.js";
import type { Rng } from "../random/index.js";

/**
 * Checks that a stream of random numbers was given and returns it.
 *
 * @throws {ArgumentError} when it is missing or no Rng
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
