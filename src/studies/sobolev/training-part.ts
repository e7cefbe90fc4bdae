import { type LongRunning, isCancelled } from "../../core/index.js";
import { composite, gaussian, sobolevFlow, sphere, torus } from "../../domains/index.js";
import { ntk } from "../../kernels/index.js";
import type { Comparison } from "../claims/claim.js";
import { equals } from "../sensing/recipe.js";
import { type IntegratedCheck, integratedChecks } from "./integrated-checks.js";
import { logSlope, logSpaced } from "./numbers.js";
import type { SettledSobolevOptions } from "./options.js";
import type { DomainName } from "./spectra-part.js";
import { SOBOLEV_TARGETS, type TargetName, sphereTargetPower, torusPower, torusTarget } from "./targets.js";

/** Loss of one target under one Sobolev loss on one domain, in closed form. */
export interface LossCurve {
  /** The domain. */
  readonly domain: DomainName;
  /** The target. */
  readonly target: TargetName;
  /** Order of the Sobolev operator: 0 is the plain loss. */
  readonly order: 0 | 1;
  /** ½ ‖r(t)‖² over its value at 0, at the times of the part. */
  readonly loss: readonly number[];
  /** Exponent a of loss ~ t^{−a} fitted while lengths between the two of the window are being learned. */
  readonly exponent: number;
  /** 2τ/(d − order) for targets of finite smoothness τ, null for entire ones. */
  readonly predicted: number | null;
}

/** Training of the three targets on the three domains. */
export interface TrainingCurvesPart {
  /** Times of the curves. */
  readonly times: readonly number[];
  /** The curves. */
  readonly curves: readonly LossCurve[];
  /** Closed-form curves against integrated ones. */
  readonly checks: readonly IntegratedCheck[];
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** Rates and target powers by mode on one domain, with the rate at a given degree or length. */
interface Problem {
  readonly domain: DomainName;
  /** Degrees or lengths between which the exponents are fitted: far above 1 and far below the end of the band. */
  readonly window: readonly [number, number];
  readonly rates: (order: 0 | 1) => Float64Array;
  readonly rateAt: (rates: Float64Array, length: number) => number;
  readonly power: (name: TargetName) => Float64Array;
}

/** Trains all targets with the plain loss and with a Sobolev loss of order 1, by mode and in closed form. */
export function trainingCurvesPart(settled: SettledSobolevOptions, running: LongRunning): TrainingCurvesPart {
  const times = logSpaced(0.1, 1e5, 61);
  const curves: LossCurve[] = [];
  const problems = [sphereProblem, torusProblem, gaussianProblem];
  let done = 0;
  for (const createProblem of problems) {
    if (isCancelled(running.signal)) break;
    const problem = createProblem(settled);
    const residuals = SOBOLEV_TARGETS.map(({ name }) => problem.power(name).map((value) => Math.sqrt(value)));
    for (const order of [0, 1] as const) {
      const rates = problem.rates(order);
      const [low, high] = problem.window;
      const window = logSpaced(1 / problem.rateAt(rates, low), 1 / problem.rateAt(rates, high), 21);
      for (const [index, target] of SOBOLEV_TARGETS.entries()) {
        if (isCancelled(running.signal)) break; // what is incomplete is not kept
        const residual = residuals[index];
        running.onProgress?.({ phase: "training", done: done++, total: 18 });
        const loss = Array.from(sobolevFlow({ eigenvalues: rates, residual }, { times: [0, ...times] }).loss);
        const fitted = sobolevFlow({ eigenvalues: rates, residual }, { times: window }).loss;
        curves.push({
          domain: problem.domain,
          target: target.name,
          order,
          loss: loss.slice(1).map((value) => value / loss[0]),
          exponent: -logSlope(window, fitted),
          predicted: Number.isFinite(target.smoothness) ? (2 * target.smoothness) / (settled.dimension - order) : null,
        });
      }
    }
  }
  const checks = integratedChecks(settled, running);
  return {
    times,
    curves,
    checks,
    comparisons: [
      ...curves.flatMap(({ domain, target, order, exponent, predicted }): Comparison[] =>
        predicted === null
          ? [
              {
                name: `${domain}, ${target}, order ${order}: exponent of the loss`,
                measured: exponent,
                expected: { minimum: 2 },
                tolerance: 0,
              },
            ]
          : [
              equals(
                `${domain}, ${target}, order ${order}: exponent of the loss`,
                exponent,
                predicted,
                EXPONENT_TOLERANCE * predicted,
              ),
            ],
      ),
      ...checks.flatMap((check) => check.comparisons),
    ],
  };
}

/** Relative tolerance of fitted exponents: corrections of the next order at the lower end of the window. */
const EXPONENT_TOLERANCE = 0.1;

function sphereProblem({ dimension, depth, trainingDegree }: SettledSobolevOptions): Problem {
  const domain = sphere(dimension);
  const K = domain.mercer(ntk({ depth }), trainingDegree);
  return {
    domain: "sphere",
    window: [8, 32],
    rates: (order) =>
      composite(K, domain.sobolev({ symbol: "D", smoothness: order, bandwidth: trainingDegree })).eigenvalues,
    rateAt: (rates, length) => rates[length],
    power: (name) => sphereTargetPower(dimension, name, trainingDegree),
  };
}

function torusProblem({ dimension, depth, trainingGrid }: SettledSobolevOptions): Problem {
  const N = trainingGrid;
  const domain = torus(dimension - 1, N);
  const K = domain.mercer(ntk({ depth }));
  // Frequencies that differ by signs and order have one rate: they are trained as one mode with the sum of their powers.
  const half = Math.floor(N / 2);
  const classOf = (k: number, l: number): number => (Math.max(k, l) * (Math.max(k, l) + 1)) / 2 + Math.min(k, l);
  const classes = classOf(half, half) + 1;
  const place = Int32Array.from(K.eigenvalues, (_, index) => {
    const { frequency } = domain.level(index);
    return classOf(Math.abs(frequency[0]), Math.abs(frequency[1]));
  });
  return {
    domain: "torus",
    window: [8, 32],
    rates(order) {
      const T = composite(K, domain.sobolev({ symbol: "C", smoothness: order / 2 })).eigenvalues;
      const out = new Float64Array(classes);
      for (let k = 0; k <= half; k++) for (let l = 0; l <= k; l++) out[classOf(k, l)] = T[domain.indexOf([k, l])];
      return out;
    },
    rateAt: (rates, length) => rates[classOf(length, 0)],
    power(name) {
      const out = new Float64Array(classes);
      torusPower(torusTarget(name, N), N).forEach((value, index) => (out[place[index]] += value));
      return out;
    },
  };
}

function gaussianProblem({ dimension, depth, trainingDegree }: SettledSobolevOptions): Problem {
  const domain = gaussian(dimension);
  const kernel = ntk({ depth });
  return {
    domain: "Gaussian space",
    window: [8, 32],
    rates(order) {
      const T = domain.composite(kernel, trainingDegree, order / 2);
      if (!T.defined) throw new RangeError(T.reason); // not reached: s <= 1/2 < 1 + d/2
      return T.value.eigenvalues;
    },
    rateAt: (rates, length) => rates[length],
    // |x| g(x·e/|x|) has E|x|² = d times the power of g on the sphere.
    power: (name) => sphereTargetPower(dimension, name, trainingDegree).map((value) => dimension * value),
  };
}
