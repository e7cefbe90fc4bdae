import {
  ArgumentError,
  type Estimate,
  isCancelled,
  type LongRunning,
  requireInteger,
  requireOneOf,
  requireOptions,
  requirePositive,
  type Status,
} from "../core/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { meanPassageTime } from "./passage-time.js";
import { estimateOf } from "./statistics.js";

/** Options of {@link escapeTimes}. */
export interface EscapeTimesOptions extends LongRunning {
  /** U'' at the sharp minimum (default 8). */
  readonly sharpCurvature?: number;
  /** U'' at the flat minimum, smaller (default 2). */
  readonly flatCurvature?: number;
  /** Height of the barrier above both minima, which are equally deep (default 1). */
  readonly barrier?: number;
  /**
   * Variance of the gradient of one sample: "constant" everywhere, or in proportion to the "curvature" of the minimum on that side of
   * the barrier, as for a well-specified model near its optimum (default).
   */
  readonly noise?: "constant" | "curvature";
  /** Variance at a curvature of 1 ("curvature"), or everywhere ("constant"). Default 20. */
  readonly variance?: number;
  /** Step size η (default 0.01). */
  readonly stepSize?: number;
  /** Samples per batch B: the gradient's variance is divided by it (default 1). */
  readonly batchSize?: number;
  /** Runs from each minimum (default 200). */
  readonly runs?: number;
  /** Steps after which a run counts as censored (default 1,000,000). */
  readonly maximumSteps?: number;
  /** Randomness. */
  readonly rng: Rng;
}

/** Escapes from one minimum. */
export interface EscapeRecord {
  /** U'' at the minimum. */
  readonly curvature: number;
  /** D = η C/(2B) there: the temperature of the noise. */
  readonly diffusion: number;
  /** Barrier over diffusion: the logarithm of the escape time to leading order. */
  readonly exponent: number;
  /** Mean steps to the other minimum with its standard error; a lower bound when runs are censored. */
  readonly steps: Estimate;
  /** Runs that had not escaped after the maximum of steps. */
  readonly censored: number;
  /** Mean steps in the limit of small steps: the mean passage time of the diffusion over η. */
  readonly expected: number;
  /** (steps − expected) in standard errors; the small-step limit itself is off by a relative O(η λ). */
  readonly zScore: number;
}

/** Escapes from a sharp and a flat minimum of one landscape. */
export interface EscapeTimes {
  /** From the sharp minimum. */
  readonly sharp: EscapeRecord;
  /** From the flat minimum. */
  readonly flat: EscapeRecord;
  /** Steps from the flat over steps from the sharp minimum, with the standard error of the ratio. */
  readonly ratio: { readonly value: number; readonly standardError: number; readonly expected: number };
  /** Model of the noise. */
  readonly noise: "constant" | "curvature";
  /** "converged", or "cancelled" with the runs done so far. */
  readonly status: Status;
}

/**
 * Escape times of stochastic gradient descent from a sharp and from a flat minimum of equal depth, beside diffusion theory.
 *
 * Relation: U(x) = ΔU (1 − (x/w)²)² with w = w₁ left and w₂ right of the barrier at 0, curvatures 8ΔU/w²; steps
 * θ ← θ − η (U'(θ) + √(C/B) ξ). For small steps this is the diffusion dθ = −U' dt + √(2D) dW, D = ηC/(2B), whose mean passage time is an
 * integral. With constant noise the two minima differ by a power of the curvatures; with noise in proportion to the curvature by an
 * exponential: the sharp minimum has the smaller barrier over temperature.
 *
 * @throws {ArgumentError} when the flat curvature is not below the sharp one, or options are out of range
 *
 * Accuracy: standard errors over the runs; the theory holds for η λ « 1. Cost: one normal draw per step.
 * @see [xie2021]
 *
 * @example
 * ```ts
 * import { createRng } from "eigenscope/random";
 * import { escapeTimes } from "eigenscope/training";
 * const { sharp, flat, ratio } = escapeTimes({ rng: createRng(1), runs: 20 });
 * console.log(sharp.exponent, flat.exponent, ratio.expected > 2 && ratio.value > 2); // 1.25 5 true
 * ```
 */
export function escapeTimes(options: EscapeTimesOptions): EscapeTimes {
  const caller = "escapeTimes";
  requireOptions(
    options,
    [
      "sharpCurvature",
      "flatCurvature",
      "barrier",
      "noise",
      "variance",
      "stepSize",
      "batchSize",
      "runs",
      "maximumSteps",
      "rng",
      "signal",
      "onProgress",
    ],
    caller,
  );
  requireRng(options?.rng, caller);
  const sharpCurvature = requirePositive(options.sharpCurvature ?? 8, "sharpCurvature", caller);
  const flatCurvature = requireBelow(options.flatCurvature ?? 2, sharpCurvature, caller);
  const barrier = requirePositive(options.barrier ?? 1, "barrier", caller);
  const noise = requireOneOf(options.noise ?? "curvature", ["constant", "curvature"] as const, "noise", caller);
  const variance = requirePositive(options.variance ?? 20, "variance", caller);
  const stepSize = requirePositive(options.stepSize ?? 0.01, "stepSize", caller);
  const batchSize = requireInteger(options.batchSize ?? 1, "batchSize", caller, 1);
  const runs = requireInteger(options.runs ?? 200, "runs", caller, 2);
  const maximumSteps = requireInteger(options.maximumSteps ?? 1_000_000, "maximumSteps", caller, 1);
  const well: Well = { left: width(barrier, sharpCurvature), right: width(barrier, flatCurvature), barrier };
  const strength = (curvature: number): number => (noise === "constant" ? variance : variance * curvature);
  const diffusionAt = (x: number): number =>
    (stepSize * strength(x < 0 ? sharpCurvature : flatCurvature)) / (2 * batchSize);
  const process = { gradient: (x: number) => slope(well, x), diffusion: diffusionAt };
  let status: Status = "converged";
  const escape = (name: "sharp" | "flat"): EscapeRecord => {
    const side = name === "sharp" ? -1 : 1;
    const curvature = name === "sharp" ? sharpCurvature : flatCurvature;
    const [from, absorbing] = side < 0 ? [-well.left, well.right] : [well.right, -well.left];
    const reflecting = 3 * from; // U is 64 barriers high there
    const stream = options.rng.fork(name);
    const counts: number[] = [];
    let censored = 0;
    for (let run = 0; run < runs; run++) {
      if (isCancelled(options.signal)) {
        status = "cancelled";
        break;
      }
      let x = from;
      let steps = 0;
      while (side * (x - absorbing) > 0 && steps < maximumSteps) {
        // 2D(x)/η is the variance of the batch gradient.
        x -= stepSize * slope(well, x) - Math.sqrt(2 * stepSize * diffusionAt(x)) * stream.normal();
        steps++;
      }
      if (side * (x - absorbing) > 0) censored++;
      counts.push(steps);
      options.onProgress?.({ phase: `escapes from the ${name} minimum`, done: run + 1, total: runs });
    }
    const theory = meanPassageTime(process, { from, reflecting, absorbing, kinks: [0] });
    const steps = estimateOf(counts);
    const expected = theory.time / stepSize;
    const diffusion = diffusionAt(from);
    return {
      curvature,
      diffusion,
      exponent: barrier / diffusion,
      steps,
      censored,
      expected,
      zScore: (steps.mean - expected) / steps.standardError,
    };
  };
  const sharp = escape("sharp");
  const flat = escape("flat");
  const value = flat.steps.mean / sharp.steps.mean;
  const relative = (record: EscapeRecord): number => record.steps.standardError / record.steps.mean;
  return {
    sharp,
    flat,
    ratio: {
      value,
      standardError: value * Math.sqrt(relative(sharp) * relative(sharp) + relative(flat) * relative(flat)),
      expected: flat.expected / sharp.expected,
    },
    noise,
    status,
  };
}

interface Well {
  /** Distance of the sharp minimum from the barrier. */
  readonly left: number;
  /** Distance of the flat minimum. */
  readonly right: number;
  /** ΔU. */
  readonly barrier: number;
}

function width(barrier: number, curvature: number): number {
  return Math.sqrt((8 * barrier) / curvature);
}

/** U'(x) = −4 ΔU (x/w²)(1 − (x/w)²). */
function slope({ left, right, barrier }: Well, x: number): number {
  const w = x < 0 ? left : right;
  const u = x / w;
  return ((-4 * barrier) / w) * u * (1 - u * u);
}

function requireBelow(value: unknown, limit: number, caller: string): number {
  const number = requirePositive(value, "flatCurvature", caller);
  if (number >= limit) {
    throw new ArgumentError({
      function: caller,
      argument: "flatCurvature",
      expected: `below sharpCurvature ${limit}`,
      got: String(number),
    });
  }
  return number;
}
