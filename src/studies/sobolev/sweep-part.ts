import { type LongRunning, type Tagged, isCancelled } from "../../core/index.js";
import {
  composite,
  conditionNumber,
  optimalSmoothness,
  sphere,
  sphereAsymptotics,
  timeToAccuracy,
  type SphereSpectrum,
} from "../../domains/index.js";
import { type Kernel, type NetworkKernelOptions, ntk } from "../../kernels/index.js";
import type { Comparison } from "../claims/claim.js";
import { equals } from "../sensing/recipe.js";
import { goldenSection, logSlope } from "./numbers.js";
import type { SettledSobolevOptions } from "./options.js";
import { sphereTargetPower } from "./targets.js";

/** One kernel of the sweep, on the sphere S². */
export interface SweepRow {
  /** What is varied in the group the row belongs to. */
  readonly group: "depth" | "activation" | "initialisation";
  /** The kernel in words. */
  readonly label: string;
  /** Eigenvalues by degree over μ_0 … of the band, divided by K(1). */
  readonly eigenvalues: readonly number[];
  /** −slope of ln μ against ln ℓ over the upper half of the band, resolved degrees only. */
  readonly decay: number;
  /** Degrees that vanish. */
  readonly vanishing: number;
  /** Condition number of K over the degrees that do not vanish. */
  readonly condition: Tagged;
  /** s* of symbol D. */
  readonly smoothness: number;
  /** Condition number at s*. */
  readonly conditionAtBest: Tagged;
  /** Steps of gradient descent at half of the stability limit that bring the kink to 1 % of its loss, plain and at s*. */
  readonly steps: { readonly plain: Tagged; readonly best: Tagged };
}

/** The sweep over depths, activations and initialisations. */
export interface SweepPart {
  /** Largest degree of the band. */
  readonly bandwidth: number;
  /** The rows. */
  readonly rows: readonly SweepRow[];
  /** What is compared with what was expected. */
  readonly comparisons: readonly Comparison[];
}

/** Degree at which the decay of bias-free ReLU kernels is compared with its law. */
const FAR = 160;

/** Spectra, best exponents and training of kernels of many depths, activations and initialisations. */
export function sweepPart({ dimension, depths, quick }: SettledSobolevOptions, running: LongRunning): SweepPart {
  const bandwidth = 20;
  const plans: readonly [SweepRow["group"], string, NetworkKernelOptions][] = [
    ...depths.map((depth): [SweepRow["group"], string, NetworkKernelOptions] => [
      "depth",
      `relu, depth ${depth}`,
      { depth },
    ]),
    ...(["leaky-relu", "abs", "erf", "gelu", ...(quick ? [] : (["tanh"] as const))] as const).map(
      (activation): [SweepRow["group"], string, NetworkKernelOptions] => [
        "activation",
        `${activation}, depth 3`,
        { depth: 3, activation },
      ],
    ),
    ...INITIALISATIONS.map(
      ([activation, weightVariance, biasVariance]): [SweepRow["group"], string, NetworkKernelOptions] => [
        "initialisation",
        `${activation}, weights ${weightVariance}, biases ${biasVariance}`,
        { depth: 3, activation, weightVariance, biasVariance },
      ],
    ),
  ];
  const rows: SweepRow[] = [];
  const comparisons: Comparison[] = [];
  const domain = sphere(dimension);
  const power = sphereTargetPower(dimension, "kink", bandwidth);
  for (const [group, label, options] of plans) {
    if (isCancelled(running.signal)) break;
    running.onProgress?.({ phase: "sweep", done: rows.length, total: plans.length });
    const kernel = ntk(options);
    const K = domain.mercer(kernel, bandwidth);
    const row = sweepRow(group, label, K, power);
    rows.push(row);
    comparisons.push(
      equals(
        `${label}: s* by the exact walk and by golden section`,
        row.smoothness,
        searched(K, row),
        1e-5 * (1 + Math.abs(row.smoothness)),
      ),
    );
    if (group === "depth") comparisons.push(decayComparison(kernel, label, dimension));
  }
  return { bandwidth, rows, comparisons };
}

const INITIALISATIONS = [
  ["relu", 2, 0.1],
  ["relu", 1.5, 0.1],
  ["relu", 2.5, 0.1],
  ["erf", 1.5, 0.1],
  ["erf", 4, 0.1],
] as const;

function sweepRow(group: SweepRow["group"], label: string, K: SphereSpectrum, power: Float64Array): SweepRow {
  const { eigenvalues, vanishing, valueAtOne } = K;
  const bandwidth = eigenvalues.length - 1;
  const best = optimalSmoothness(K, { symbol: "D" });
  const P = sphere(K.conventions.dimension).sobolev({ symbol: "D", smoothness: best.smoothness, bandwidth });
  const degrees = Array.from(eigenvalues.keys()).filter((l) => l >= bandwidth / 2 && !vanishing.includes(l));
  return {
    group,
    label,
    eigenvalues: Array.from(eigenvalues, (mu) => mu / valueAtOne),
    decay: -logSlope(
      degrees,
      degrees.map((l) => eigenvalues[l]),
    ),
    vanishing: vanishing.length,
    condition: conditionNumber(K, { modes: "nonzero" }).condition,
    smoothness: best.smoothness,
    conditionAtBest: conditionNumber(composite(K, P), { modes: "nonzero" }).condition,
    steps: { plain: descentSteps(K, null, power), best: descentSteps(K, P.symbol, power) },
  };
}

/** Steps of size 1/max(μσ) until the loss is 1 % of its start. */
function descentSteps(K: SphereSpectrum, symbol: Float64Array | null, power: Float64Array): Tagged {
  const vanishing = new Set(K.vanishing);
  const eigenvalues = K.eigenvalues.map((mu, l) => (vanishing.has(l) ? 0 : mu));
  const residual = power.map((value) => Math.sqrt(value));
  const start = Math.sqrt(power.reduce((a, b) => a + b, 0));
  const problem = symbol === null ? { eigenvalues, residual } : { eigenvalues, residual, symbol };
  const { exact } = timeToAccuracy(problem, { epsilon: 0.1 * start });
  if (!exact.defined) return exact;
  const fastest = eigenvalues.reduce((top, mu, l) => Math.max(top, mu * (symbol?.[l] ?? 1)), 0);
  return { defined: true, value: Math.ceil(exact.value * fastest) };
}

/** s* by golden section on the condition number of the composite: the slow twin. */
function searched(K: SphereSpectrum, row: SweepRow): number {
  const domain = sphere(K.conventions.dimension);
  const bandwidth = K.eigenvalues.length - 1;
  const vanishing = new Set(K.vanishing);
  const spread = (smoothness: number): number => {
    const { symbol } = domain.sobolev({ symbol: "D", smoothness, bandwidth });
    let [top, bottom] = [0, Infinity];
    K.eigenvalues.forEach((mu, l) => {
      if (vanishing.has(l) || !(mu > 0)) return;
      [top, bottom] = [Math.max(top, mu * symbol[l]), Math.min(bottom, mu * symbol[l])];
    });
    return top / bottom;
  };
  return goldenSection(spread, Math.max(-20, row.smoothness - 15), row.smoothness + 20, 60);
}

/** μ_ℓ far out against the law with its constants, on even degrees. */
function decayComparison(kernel: Kernel, label: string, d: number): Comparison {
  const mu = sphere(d).mercer(kernel, FAR).eigenvalues[FAR];
  return equals(`${label}: μ₁₆₀ over its asymptotic law`, mu / sphereAsymptotics(kernel, d).predict(FAR), 1, 0.05);
}
