import { ArgumentError, NonFiniteError, norm, requireFinite, requireVector } from "../core/index.js";
import { type Rng, fillNormal, requireRng } from "../random/index.js";

/** Where an iteration starts: a vector of the caller, or a random one. */
export interface StartOptions {
  /** Start vector, not zero; it is copied and normalised. */
  readonly start?: Float64Array;
  /** Stream for a random start (and for restarts after a breakdown); needed when no start is given. */
  readonly rng?: Rng;
}

/**
 * The unit start vector: the caller's, or one that is uniform on the sphere.
 *
 * @throws {ArgumentError} when neither start nor rng is given, or start is zero
 * @throws {ShapeError} when start has another length than n
 * @throws {NonFiniteError} when start has an entry that is not finite
 */
export function requireStart(n: number, options: StartOptions, caller: string): Float64Array {
  const { start, rng } = options;
  if (start === undefined) {
    if (rng === undefined) {
      throw new ArgumentError({
        function: caller,
        argument: "rng",
        expected: "given when there is no start vector",
        got: "undefined",
        remedy: "pass { rng: createRng(seed) } or { start }",
      });
    }
    return randomUnit(n, requireRng(rng, caller));
  }
  requireVector(start, n, "start", caller);
  requireFinite(start, "start", caller);
  const length = norm(start);
  if (length === 0) {
    throw new ArgumentError({
      function: caller,
      argument: "start",
      expected: "a vector that is not zero",
      got: "zero",
    });
  }
  return start.map((value) => value / length);
}

/** A vector uniform on the unit sphere of R^n. */
export function randomUnit(n: number, rng: Rng): Float64Array {
  const v = new Float64Array(n);
  let length = 0;
  while (length === 0) length = norm(fillNormal(rng, v));
  for (let i = 0; i < n; i++) v[i] /= length;
  return v;
}

/**
 * Throws when a recurrence has met NaN or an infinity.
 *
 * @throws {NonFiniteError} then
 */
export function requireFiniteProduct(probe: number, matvec: number, caller: string): void {
  if (Number.isFinite(probe)) return;
  throw new NonFiniteError({
    function: caller,
    argument: "A",
    expected: "an operator with finite products",
    got: `${probe} in product ${matvec}`,
    remedy: "check the operator (and preconditioner) on a random unit vector; scale it if its entries exceed 1e150",
  });
}
