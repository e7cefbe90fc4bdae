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
 * Stopping: a smallest eigenvalue below max(1e-13, n ε) of the largest, n the number of modes counted, or below its own
 * error bound, is unresolved: noise would be reported as a number.
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
  let count = 0;
  for (let i = 0; i < eigenvalues.length; i++) {
    if (skip.has(i)) continue;
    count++;
    if (largestMode < 0 || eigenvalues[i] > eigenvalues[largestMode]) largestMode = i;
    if (smallestMode < 0 || eigenvalues[i] < eigenvalues[smallestMode]) smallestMode = i;
  }
  const largest = largestMode < 0 ? 0 : eigenvalues[largestMode];
  const smallest = smallestMode < 0 ? 0 : eigenvalues[smallestMode];
  const floor = Math.max(1e-13, count * Number.EPSILON) * largest;
  return {
    condition: judge(
      largest,
      smallest,
      smallestMode,
      floor,
      smallestMode < 0 ? 0 : errorBounds[smallestMode],
      vanishing.length,
    ),
    largest,
    largestMode,
    smallest,
    smallestMode,
    modes,
    omitted: eigenvalues.length - count,
  };
}

/** e^spread, the ratio of the extreme eigenvalues of `count` modes, or why it is unresolved. */
export function conditionOfSpread(spread: number, count: number): Tagged {
  const floor = Math.max(1e-13, count * Number.EPSILON);
  return exp(-spread) < floor
    ? undefinedBecause(
        `unresolved: the smallest eigenvalue is ${exp(-spread).toExponential(2)} of the largest, below ${floor.toExponential(2)}`,
      )
    : defined(exp(spread));
}

function judge(
  largest: number,
  smallest: number,
  mode: number,
  floor: number,
  bound: number,
  vanishing: number,
): Tagged {
  if (mode < 0) return undefinedBecause("unresolved: no mode is left");
  if (!(largest > 0)) return undefinedBecause(`unresolved: the largest eigenvalue is ${largest}`);
  if (smallest < floor || smallest <= bound) {
    const zero = vanishing > 0 ? `; ${vanishing} modes vanish` : "";
    return undefinedBecause(
      `unresolved: eigenvalue ${smallest.toExponential(2)} of mode ${mode} is below ${Math.max(floor, bound).toExponential(2)}, the noise of double precision beside ${largest.toExponential(2)}${zero}`,
    );
  }
  return defined(largest / smallest);
}
