import { type Tagged, defined, exp, requireOneOf, requireOptions, undefinedBecause } from "../core/index.js";
import { requireSpectrum } from "./require-kernel.js";
import type { ModeSpectrum } from "./types.js";

/** Options of {@link conditionNumber}. */
export interface ConditionOptions {
  /** "all" modes (default), or "nonzero": without the vanishing ones, which are then never learned. */
  readonly modes?: "all" | "nonzero";
}

/** A condition number with the modes that decide it. */
export interface ConditionReport {
  /** Largest over smallest eigenvalue, or the reason why it is unresolved. */
  readonly condition: Tagged;
  /** Largest eigenvalue. */
  readonly largest: number;
  /** Mode of the largest eigenvalue. */
  readonly largestMode: number;
  /** Smallest eigenvalue among the modes counted. */
  readonly smallest: number;
  /** Mode of the smallest eigenvalue. */
  readonly smallestMode: number;
  /** Which modes were counted. */
  readonly modes: "all" | "nonzero";
  /** Number of modes left out as vanishing. */
  readonly omitted: number;
}

/**
 * Computes the condition number of a spectrum by mode, or says why it has none.
 *
 * Relation: condition = max λ / min λ over the modes counted.
 *
 * @param spectrum eigenvalues by mode, for instance from `sphere(d).mercer`
 * @param options  which modes count
 * @throws {ArgumentError} for anything but a spectrum by mode
 * @throws {OptionError} for unknown options
 *
 * Stopping: a smallest eigenvalue below max(1e-13, n ε) of the largest, n the number of modes counted, or any eigenvalue
 * within its own error bound of zero, is unresolved. The rule holds for closed forms too, whose error bounds are relative: beyond 1e13 no product with
 * the operator in double precision tells the smallest mode from none. `largest` and `smallest` stay available as numbers.
 *
 * @example
 * ```ts
 * import { ntk } from "eigenscope/kernels";
 * import { conditionNumber, sphere } from "eigenscope/domains";
 * const spectrum = sphere(3).mercer(ntk({ depth: 2 }), 5);
 * console.log(conditionNumber(spectrum).condition.defined); // false
 * console.log(conditionNumber(spectrum, { modes: "nonzero" }).smallestMode); // 4
 * ```
 */
export function conditionNumber(spectrum: ModeSpectrum, options: ConditionOptions = {}): ConditionReport {
  requireOptions(options, ["modes"], "conditionNumber");
  const modes = requireOneOf(options.modes ?? "all", ["all", "nonzero"], "modes", "conditionNumber");
  requireSpectrum(spectrum, "conditionNumber");
  const { eigenvalues, errorBounds, vanishing } = spectrum;
  const skip = new Set(modes === "nonzero" ? vanishing : []);
  let largestMode = -1;
  let smallestMode = -1;
  let uncertainMode = -1; // a mode that may be zero, which need not be the smallest
  let count = 0;
  for (let i = 0; i < eigenvalues.length; i++) {
    if (skip.has(i)) continue;
    count++;
    if (largestMode < 0 || eigenvalues[i] > eigenvalues[largestMode]) largestMode = i;
    if (smallestMode < 0 || eigenvalues[i] < eigenvalues[smallestMode]) smallestMode = i;
    if (eigenvalues[i] <= errorBounds[i] && (uncertainMode < 0 || eigenvalues[i] < eigenvalues[uncertainMode]))
      uncertainMode = i;
  }
  const largest = largestMode < 0 ? 0 : eigenvalues[largestMode];
  const smallest = smallestMode < 0 ? 0 : eigenvalues[smallestMode];
  const floor = conditionFloor(count) * largest;
  const judge = (): Tagged => {
    if (count === 0) return undefinedBecause("unresolved: no mode is left");
    if (!(largest > 0)) return undefinedBecause(`unresolved: the largest eigenvalue is ${largest}`);
    const mode = uncertainMode >= 0 ? uncertainMode : smallestMode;
    const limit = Math.max(floor, errorBounds[mode]);
    if (smallest >= floor && uncertainMode < 0) return defined(largest / smallest);
    const zero = vanishing.length > 0 ? `; ${vanishing.length} modes vanish` : "";
    return undefinedBecause(
      `unresolved: eigenvalue ${eigenvalues[mode].toExponential(2)} of mode ${mode} is below ${limit.toExponential(2)}, the noise of double precision beside ${largest.toExponential(2)}${zero}`,
    );
  };
  return {
    condition: judge(),
    largest,
    largestMode,
    smallest,
    smallestMode,
    modes,
    omitted: eigenvalues.length - count,
  };
}

/** Smallest share of the largest eigenvalue, among `count`, that a condition number may rest on. */
export function conditionFloor(count: number): number {
  return Math.max(1e-13, count * Number.EPSILON);
}

/** e^spread, the ratio of the extreme eigenvalues of `count` modes, or why it is unresolved. */
export function conditionOfSpread(spread: number, count: number): Tagged {
  const floor = conditionFloor(count);
  if (exp(-spread) >= floor) return defined(exp(spread));
  const share = spread < 700 ? exp(-spread).toExponential(2) : `10^${(-spread / Math.LN10).toFixed(1)}`;
  return undefinedBecause(
    `unresolved: the smallest eigenvalue is ${share} of the largest, below ${floor.toExponential(2)}`,
  );
}

/** Largest over smallest value of a symbol known in closed form, or why there is no such number. */
export function conditionOfSymbol(values: Float64Array): Tagged {
  let largest = -Infinity;
  let smallest = Infinity;
  for (const value of values) {
    largest = Math.max(largest, value);
    smallest = Math.min(smallest, value);
  }
  if (!(smallest > 0))
    return undefinedBecause(`the symbol takes the value ${smallest}: those modes are not seen by the loss`);
  // Exact values: no rounding that grows with their number.
  const floor = conditionFloor(1);
  return smallest >= floor * largest
    ? defined(largest / smallest)
    : undefinedBecause(
        `unresolved: the symbol's smallest value ${smallest.toExponential(2)} is below ${floor.toExponential(2)} of its largest ${largest.toExponential(2)}`,
      );
}
