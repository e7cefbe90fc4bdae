import { dot } from "../core/index.js";
import { type Coroutine, multiply } from "../krylov/index.js";
import { fillProbe } from "./probes.js";
import { sampleMean, samplingAdvice } from "./sampling.js";
import type { TraceResult, TraceSettings } from "./trace-result.js";

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
  let matvecs = 0;
  const { ends: _ends, ...result } = yield* sampleMean({
    ...settings,
    phase: "trace by hutchinson",
    constant: 0,
    samples: budget,
    spent: () => matvecs,
    *sample() {
      fillProbe(distribution, rng, v);
      yield* multiply(v, product);
      matvecs++;
      return [dot(v, product)];
    },
  });
  return { ...result, method: "hutchinson", distribution, advice: samplingAdvice(result.status) };
}
