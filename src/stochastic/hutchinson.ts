import { dot } from "../core/index.js";
import { type Coroutine, multiply } from "../krylov/index.js";
import { fillProbe } from "./probes.js";
import { sampleInTwoStages, samplingAdvice } from "./sampling.js";
import type { TraceResult, TraceSettings } from "./trace.js";

/**
 * Hutchinson's estimator: the mean of vᵀ A v over probes v with covariance I.
 *
 * Cost: one product a probe, two vectors.
 * @see [hutchinson1990]
 */
export function* hutchinson(settings: TraceSettings): Coroutine<TraceResult> {
  const { n, rng, distribution, budget } = settings;
  const v = new Float64Array(n);
  const product = new Float64Array(n);
  const result = yield* sampleInTwoStages({
    ...settings,
    phase: "trace by hutchinson",
    constant: 0,
    cost: 1,
    maximumSamples: budget,
    *sample() {
      fillProbe(distribution, rng, v);
      yield* multiply(v, product);
      return dot(v, product);
    },
  });
  return { ...result, method: "hutchinson", distribution, advice: samplingAdvice(result.status) };
}
