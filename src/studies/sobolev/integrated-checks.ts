import { type LongRunning, type Matrix, exp, isCancelled } from "../../core/index.js";
import {
  composite,
  gaussian,
  integrateSobolevFlow,
  sphere,
  sphereQuadrature,
  torus,
  zonalSum,
} from "../../domains/index.js";
import { angleBetween, ntk } from "../../kernels/index.js";
import { diagonal, fromFunction, fromMatrix, lowRank } from "../../operators/index.js";
import type { Comparison } from "../claims/claim.js";
import { atMost } from "../sensing/recipe.js";
import { logSpaced } from "./numbers.js";
import type { SettledSobolevOptions } from "./options.js";
import type { DomainName } from "./spectra-part.js";
import { torusTarget } from "./targets.js";

/** A training curve in closed form beside the same curve by a Runge–Kutta method that knows no modes. */
export interface IntegratedCheck {
  /** The domain. */
  readonly domain: DomainName;
  /** What was integrated, in words. */
  readonly setting: string;
  /** Times. */
  readonly times: readonly number[];
  /** ½ ‖r‖² in closed form over its value at 0. */
  readonly closed: readonly number[];
  /** The same from the integrator. */
  readonly integrated: readonly number[];
  /** Largest difference of two residuals over the largest entry of r(0), over all times. */
  readonly difference: number;
  /** Steps of the integrator. */
  readonly steps: number;
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** Tolerance of the integrator per step. */
const STEP_TOLERANCE = 1e-11;
/** Errors of some hundred steps, none amplified: the flow contracts. */
const AGREEMENT = 1e-8;

/** Integrates Sobolev training on each domain and compares it with the closed form. */
export function integratedChecks(settled: SettledSobolevOptions, running: LongRunning): readonly IntegratedCheck[] {
  const steps = [sphereCheck, torusCheck, gaussianCheck];
  return steps.flatMap((work, i) => {
    if (isCancelled(running.signal)) return [];
    running.onProgress?.({ phase: "integrated training", done: i, total: steps.length });
    return work(settled, running);
  });
}

/** On the nodes of a rule that is exact for the band: K and P truncated and weighted, as dense matrices. */
function sphereCheck({ dimension, depth }: SettledSobolevOptions, running: LongRunning): IntegratedCheck {
  const band = 6;
  const domain = sphere(dimension);
  const K = domain.mercer(ntk({ depth }), band);
  const P = domain.sobolev({ symbol: "D", smoothness: 2, bandwidth: band });
  const T = composite(K, P);
  const { points, weights } = sphereQuadrature(dimension, 2 * band);
  const n = points.rows;
  const axis = Float64Array.from({ length: dimension }, (_, j) => 1 / (j + 1));
  const angles = Array.from({ length: n }, (_, i) =>
    angleBetween(axis, points.data.subarray(i * dimension, (i + 1) * dimension)),
  );
  // Residual Σ_ℓ (1 + ℓ)^{-1} P_ℓ(x·e), by closed form at any time.
  const at = (time: number): Float64Array =>
    Float64Array.from(angles, (theta) =>
      zonalSum(
        T.eigenvalues.map((rate, l) => exp(-rate * time) / (1 + l)),
        dimension,
        theta,
      ),
    );
  const averaged = (M: Matrix): Matrix => ({ ...M, data: M.data.map((value, i) => value * weights[i % n]) });
  const bandLimited = averaged(domain.multiplier(K.eigenvalues).kernel.gram(points));
  const times = logSpaced(0.1, 30, 12);
  const flow = integrateSobolevFlow(fromMatrix(bandLimited), fromMatrix(averaged(P.kernel.gram(points))), at(0), {
    times,
    tolerance: STEP_TOLERANCE,
    ...running,
  });
  return compared(
    "sphere",
    `${n} nodes of a rule exact to degree ${2 * band}, kernel and Sobolev operator to degree ${band}, s = 2`,
    times,
    at,
    flow,
    weights,
  );
}

/** On a 16 x 16 grid: K as a dense Gram matrix, P by FFT. */
function torusCheck({ dimension, depth }: SettledSobolevOptions, running: LongRunning): IntegratedCheck {
  const N = 16;
  const domain = torus(dimension - 1, N);
  const kernel = ntk({ depth });
  const P = domain.sobolev({ symbol: "C", smoothness: 1 });
  const rates = composite(domain.mercer(kernel), P).eigenvalues;
  const start = torusTarget("jump", N);
  const n = start.length;
  const gram = kernel.gram(domain.embedded);
  const K: Matrix = { ...gram, data: gram.data.map((value) => value / n) };
  const at = (time: number): Float64Array =>
    domain.multiplier("decay", (k) => exp(-rates[domain.indexOf(k)] * time)).apply(start);
  const times = logSpaced(0.1, 100, 12);
  const flow = integrateSobolevFlow(
    fromMatrix(K),
    fromFunction(n, (x, out) => out.set(P.apply(x))),
    start,
    { times, tolerance: STEP_TOLERANCE, ...running },
  );
  return compared(
    "torus",
    `jump on the ${N} × ${N} grid, kernel as a dense matrix, Sobolev operator by FFT, s = 1`,
    times,
    at,
    flow,
    null,
  );
}

/** In the Hermite basis: on a degree ℓ the kernel is d μ v vᵀ, v the overlaps of |x| Y with Hermite polynomials, and P is diagonal. */
function gaussianCheck({ dimension, depth }: SettledSobolevOptions, running: LongRunning): IntegratedCheck {
  const degree = 2;
  const M = 20_000;
  const domain = gaussian(dimension);
  const T = domain.composite(ntk({ depth }), degree, 1);
  if (!T.defined) throw new RangeError(T.reason); // not reached: 1 < 1 + d/2
  const rate = T.value.eigenvalues[degree];
  const mu = domain.mercer(ntk({ depth }), degree).eigenvalues[degree];
  const v = domain.overlaps(degree, M).map((w) => Math.sqrt(w));
  const at = (time: number): Float64Array => v.map((value) => value * exp(-rate * time));
  const times = logSpaced(0.1, 10, 12);
  const column: Matrix = { rows: M, cols: 1, data: v };
  const flow = integrateSobolevFlow(
    lowRank(column, undefined, { weights: Float64Array.of(mu) }),
    diagonal(Float64Array.from({ length: M }, (_, m) => 1 + degree + 2 * m)),
    v,
    { times, tolerance: STEP_TOLERANCE, ...running },
  );
  // M overlaps leave out Σ_{m >= M} w_m (1 + ℓ + 2m) of E₁: the rates differ by that.
  const kept = v.reduce((sum, value, m) => sum + value * value * (1 + degree + 2 * m), 0);
  const defect = Math.abs(rate - mu * kept) / rate;
  return compared(
    "Gaussian space",
    `|x| Y of degree ${degree} in ${M} Hermite polynomials, where the kernel is of rank one, s = 1`,
    times,
    at,
    flow,
    null,
    AGREEMENT + defect,
  );
}

function compared(
  domain: DomainName,
  setting: string,
  times: readonly number[],
  at: (time: number) => Float64Array,
  flow: ReturnType<typeof integrateSobolevFlow>,
  weights: Float64Array | null,
  allowed: number = AGREEMENT,
): IntegratedCheck {
  const mass = (r: Float64Array): number => r.reduce((sum, value, i) => sum + value * value * (weights?.[i] ?? 1), 0);
  const start = at(0);
  const top = start.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const n = start.length;
  let difference = flow.residuals.rows === times.length ? 0 : Infinity;
  const closed: number[] = [];
  const integrated: number[] = [];
  for (let i = 0; i < flow.residuals.rows; i++) {
    const exact = at(times[i]);
    const found = flow.residuals.data.subarray(i * n, (i + 1) * n);
    for (let j = 0; j < n; j++) difference = Math.max(difference, Math.abs(exact[j] - found[j]) / top);
    closed.push(mass(exact) / mass(start));
    integrated.push(mass(found) / mass(start));
  }
  return {
    domain,
    setting,
    times,
    closed,
    integrated,
    difference,
    steps: flow.convergence.iterations,
    comparisons: [
      atMost(`${domain}: integrated against closed form, largest difference of residuals`, difference, allowed),
    ],
  };
}
