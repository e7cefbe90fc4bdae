import { type LongRunning, ShapeError, type Status, requireInteger, requireOptions } from "../core/index.js";
import { type Coroutine } from "../krylov/index.js";
import { requireRng, type Rng } from "../random/index.js";
import { STOPPING_KEYS, type StoppingOptions, type StoppingSettings, requireStopping } from "./accuracy.js";
import { type IntervalEstimate } from "./estimate.js";
import { fillProbe } from "./probes.js";
import { type SamplingResult, sampleMean } from "./sampling.js";
import { type ProbeQuadrature, type QuadratureRun, probeQuadrature } from "./slq.js";

/** Options that the estimators by Lanczos quadrature share. */
export interface QuadratureOptions extends LongRunning, StoppingOptions {
  /** Stream for the probes. */
  readonly rng: Rng;
  /** Number of probes when neither `tolerance` nor `stop` is given; 16 by default. */
  readonly probes?: number;
  /** Lanczos steps per probe, at most n; 60 by default. With `tolerance` the most that may be taken; 300 by default. */
  readonly steps?: number;
}

/** An estimate whose quadrature error is bracketed. */
export interface BracketedEstimate extends IntervalEstimate {
  /** Mean over the same probes of a lower and an upper quadrature bound; the exact mean for these probes lies between. */
  readonly quadrature: { readonly lower: number; readonly upper: number };
  /**
   * "converged" when all probes were run, or the tolerance or the rule was met; "breakdown" when the function does not
   * exist on the spectrum.
   */
  readonly status: Status;
  /** What to try otherwise. */
  readonly advice: string | null;
}

/** Checked options. */
export interface QuadratureSettings extends LongRunning, StoppingSettings {
  readonly n: number;
  readonly rng: Rng;
  readonly probes: number;
  readonly steps: number;
}

const KEYS: readonly string[] = ["rng", "probes", "steps", ...STOPPING_KEYS, "signal", "onProgress"];
const DEFAULT_PROBES = 16;
const DEFAULT_STEPS = 60;
const DEFAULT_MAXIMUM_STEPS = 300;
const DEFAULT_MAXIMUM_MATVECS = 100_000;

/** Part of a tolerance that the quadrature of each probe may use up. */
export const QUADRATURE_SHARE = 0.25;

/** Checks the options of an estimator by Lanczos quadrature for an operator of order n. */
export function requireQuadrature(
  n: number,
  options: QuadratureOptions,
  more: readonly string[],
  caller: string,
): QuadratureSettings {
  requireOptions(options, [...KEYS, ...more], caller, "required");
  if (n === 0) throw new ShapeError({ function: caller, argument: "A", expected: "of order >= 1", got: "0 x 0" });
  const stopping = requireStopping(options, 1, DEFAULT_MAXIMUM_MATVECS, caller);
  const steps = stopping.tolerance === null ? DEFAULT_STEPS : DEFAULT_MAXIMUM_STEPS;
  const { signal, onProgress } = options;
  return {
    n,
    rng: requireRng(options.rng, caller),
    probes: requireInteger(options.probes ?? DEFAULT_PROBES, "probes", caller, 1),
    steps: Math.min(n, requireInteger(options.steps ?? steps, "steps", caller, 1)),
    ...stopping,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

/** What an estimator does with the rule of one probe. */
export interface QuadratureUse {
  /** The sample, or its two ends; null when the quantity does not exist on these nodes. */
  readonly values: (rule: ProbeQuadrature) => readonly number[] | null;
  /** With a tolerance: whether the rule is good enough for this share of the value. */
  readonly resolved: (rule: ProbeQuadrature, share: number) => boolean;
  /** Products with A per step; 1 by default. */
  readonly cost?: number;
  /** The symmetric operator in terms of products with A, when it is not A itself. */
  readonly product?: QuadratureRun["product"];
}

/** Means over probes that are uniform on the sphere, with as many probes and steps as the settings ask for. */
export function* sampleQuadrature(settings: QuadratureSettings, use: QuadratureUse): Coroutine<SamplingResult> {
  const { n, rng, probes, steps, tolerance, signal } = settings;
  const share = QUADRATURE_SHARE * (tolerance ?? 0);
  const run: QuadratureRun = {
    steps,
    reorthogonalization: "full",
    signal,
    product: use.product,
    resolved: tolerance === null ? undefined : (rule) => use.resolved(rule, share),
  };
  let matvecs = 0;
  return yield* sampleMean({
    ...settings,
    phase: "lanczos quadrature",
    constant: 0,
    samples: probes,
    spent: () => matvecs,
    *sample() {
      const rule = yield* probeQuadrature(fillProbe("sphere", rng, new Float64Array(n)), run);
      matvecs += (use.cost ?? 1) * rule.matvecs;
      return use.values(rule);
    },
  });
}

/** What to try when an estimate by quadrature did not reach what was asked. */
export function quadratureAdvice(status: Status, open: boolean): string | null {
  if (status === "converged") return null;
  if (status === "cancelled") return "stopped by the signal: the interval is that of the probes done so far";
  if (open) return "the quadrature error is larger than the tolerance allows: raise steps";
  return "more products are needed than maximumMatvecs: raise it or ask for less";
}

/** A result of sampling the two ends of a quadrature bracket. */
export function bracketed({ ends, ...result }: SamplingResult, tolerance: number | null): BracketedEstimate {
  const open = tolerance !== null && ends.upper - ends.lower > 2 * tolerance * Math.abs(result.mean);
  return { ...result, quadrature: ends, advice: quadratureAdvice(result.status, open) };
}
