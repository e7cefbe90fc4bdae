import { type Comparison, type Verdict, satisfies } from "../claims/claim.js";
import type { HeavyTailPart } from "./heavy-tail-part.js";
import type { InvariancePart } from "./invariance-part.js";
import type { ScalingPart } from "./scaling-part.js";
import type { OutlierPart, WindowPart } from "./outlier-part.js";
import type { LinearWidthPlan } from "./plan.js";
import { median } from "./statistics.js";

/** A number of a finding, with what it is compared to. */
export interface FindingCheck extends Comparison {
  /** What the number is to be read against: the same statistic where nothing was learned. */
  readonly baseline: { readonly name: string; readonly value: number };
  /** Whether the number is as expected. */
  readonly passed: boolean;
}

/** A finding of the note with its verdict and its numbers. */
export interface Finding {
  /** 1 to 3. */
  readonly number: number;
  /** The note's sentence. */
  readonly statement: string;
  /** What these runs show. */
  readonly shown: string;
  /** Verdict; "false" here would mean that the expected numbers did not come out. */
  readonly verdict: Verdict;
  /** Whether all numbers are as expected. */
  readonly reproduced: boolean;
  /** The numbers. */
  readonly checks: readonly FindingCheck[];
}

const check = (
  name: string,
  measured: number,
  expected: Comparison["expected"],
  baseline: FindingCheck["baseline"],
  tolerance = 0,
): FindingCheck => {
  const comparison = { name, measured, expected, tolerance };
  return { ...comparison, baseline, passed: satisfies(comparison, measured) };
};

const atMost = (maximum: number): Comparison["expected"] => ({ maximum });
const atLeast = (minimum: number): Comparison["expected"] => ({ minimum });
const highest = (list: readonly number[]): number => list.reduce((a, b) => Math.max(a, b), -Infinity);

const finding = (
  number: number,
  statement: string,
  shown: string,
  verdict: Verdict,
  checks: readonly FindingCheck[],
): Finding => ({
  number,
  statement,
  shown,
  verdict,
  reproduced: checks.length > 0 && checks.every(({ passed }) => passed),
  checks,
});

/** Finding 1: small steps. */
export function invarianceFinding({ runs, redrawn }: InvariancePart, scaling: ScalingPart): Finding {
  const small = runs.filter((run) => run.kind !== "control");
  const control = runs.filter((run) => run.kind === "control");
  const spectra = [
    ["weights", "weights"],
    ["conjugate", "conjugate kernel"],
    ["tangent", "tangent kernel"],
  ] as const;
  const bounded = small.flatMap(({ bounds }) => {
    if (bounds === null) return [];
    const { relativeMove, weights, levy, features, tangent } = bounds;
    return [
      ...[relativeMove, weights, levy, features, tangent].map(({ measured, direct }) => measured / direct),
      ...[relativeMove, features, tangent].map(({ direct, bound }) => direct / bound),
    ];
  });
  const exponents = [
    ["relativeMove", "relative move of W", -0.5, 0.15],
    ["operatorMove", "operator-norm move", 0, 0.2],
    ["wasserstein", "Wasserstein-2 of s(W)", -1, 0.25],
  ] as const;
  return finding(
    1,
    "Spectra are invariant during training with small learning rates.",
    "The loss falls by two to three orders of magnitude while all three spectra stay closer to their start than a fresh random network of the same law. " +
      "The weights move by order one in operator norm and by 1/√n relative to the bulk: a property of large proportional widths, bounded by a proposition and seen in the scaling.",
    "true",
    [
      check("loss, last over first, largest", highest(small.map((run) => run.lastLoss / run.firstLoss)), atMost(0.02), {
        name: "untrained",
        value: 1,
      }),
      ...spectra.map(([key, label]) =>
        check(`KS to the start, largest: ${label}`, highest(small.map((run) => run.distances[key])), atMost(0.03), {
          name: "redrawn, median",
          value: median(redrawn.map((row) => row[key])),
        }),
      ),
      check(
        "control at 2.5 η_c: KS of the weights, median",
        median(control.map((run) => run.distances.weights)),
        atLeast(0.1),
        {
          name: "redrawn, largest",
          value: highest(redrawn.map((row) => row.weights)),
        },
      ),
      ...exponents.map(([key, label, expected, tolerance]) =>
        check(`exponent in n: ${label}`, scaling.slopes[key], expected, { name: "no dependence", value: 0 }, tolerance),
      ),
      check("move over its bound, largest", highest(bounded), atMost(1), {
        name: "bound attained",
        value: 1,
      }),
    ],
  );
}

/** Finding 2: large steps. */
export function outlierFinding({ steps, stochastic, random, redrawn, edge }: OutlierPart, window: WindowPart): Finding {
  const of = (strengths: readonly number[], scales: readonly number[]): OutlierPart["steps"] =>
    steps.filter((step) => strengths.includes(step.strength) && scales.includes(step.outputScale));
  const scales = [...new Set(steps.map((step) => step.outputScale))].sort((a, b) => a - b);
  const [small, full] = [scales.slice(0, 1), scales.slice(-1)];
  const error = (step: { top: number }, prediction: number): number => Math.abs(step.top / prediction - 1);
  const limit = { name: "redrawn, largest", value: highest(redrawn) };
  const chance = { name: "random direction, 99 %", value: random.high };
  const stepBulk = (strength: number): number =>
    median(window.steps.filter((step) => step.strength === strength).map((step) => step.bulkDistance));
  const rate = (scale: number, factor: number): WindowPart["rates"] =>
    window.rates.filter((row) => row.outputScale === scale && row.factor === factor);
  return finding(
    2,
    "Large learning rates lead to outlier eigenvalues aligned with data structure.",
    "One large step adds a nearly rank-one part along the teacher. Above the threshold of the spiked model one singular value leaves the bulk, at the predicted place, and the bulk stays. " +
      "That is a window: much larger steps, or many steps above the critical rate, destroy the bulk itself.",
    "true with conditions",
    [
      check(
        "s₁ over the edge at θ = 0.5, largest",
        highest(of([0.5], scales).map((step) => step.top / step.edge)),
        atMost(1.06),
        {
          name: "edge",
          value: 1,
        },
      ),
      check(
        "error of the predicted place, θ = 2 and 3, largest",
        highest(of([2, 3], scales).map((step) => error(step, step.predicted))),
        atMost(0.05),
        {
          name: "plain spiked model",
          value: highest(of([2, 3], full).map((step) => error(step, step.naive))),
        },
      ),
      check(
        "alignment with β at θ = 3, small v, median",
        median(of([3], small).map((step) => step.alignment)),
        atLeast(0.7),
        chance,
      ),
      check(
        "KS of the bulk at θ = 3, small v, median",
        median(of([3], small).map((step) => step.bulkDistance)),
        atMost(1.5 * limit.value),
        limit,
      ),
      check(
        "stochastic epoch: error of the place, largest",
        highest(stochastic.map((row) => error(row, row.predicted))),
        atMost(0.05),
        {
          name: "edge as prediction",
          value: highest(stochastic.map((row) => error(row, edge))),
        },
      ),
      check(
        "stochastic epoch: alignment, median",
        median(stochastic.map((row) => row.alignment)),
        atLeast(0.7),
        chance,
      ),
      check("KS of the bulk at θ = 32, median", stepBulk(32), atLeast(0.1), limit),
      check(
        "many steps at 0.2 η_c: KS of the bulk, median",
        median(rate(1, 0.2).map((row) => row.bulkDistance)),
        atMost(0.05),
        {
          name: "redrawn, largest",
          value: window.redrawn.rates,
        },
      ),
      check(
        "many steps at 3 η_c: KS of the bulk, median",
        median(rate(1, 3).map((row) => row.bulkDistance)),
        atLeast(0.2),
        {
          name: "redrawn, largest",
          value: window.redrawn.rates,
        },
      ),
      check(
        "many steps at 0.5 η_c, small v: alignment, median",
        median(rate(small[0], 0.5).map((row) => row.row.alignment)),
        atLeast(0.9),
        {
          name: "v of full size",
          value: median(rate(1, 0.5).map((row) => row.row.alignment)),
        },
      ),
    ],
  );
}

/** Finding 3: adaptive training. */
export function heavyTailFinding(
  { runs, firstLayerOnly, randomOverlap }: HeavyTailPart,
  invariance: InvariancePart,
  plan: LinearWidthPlan,
): Finding {
  const largest = Math.max(...plan.heavyTails.adamRates);
  const adaptive = runs.filter((run) => run.adamRate === largest);
  const descent = runs.filter((run) => run.adamRate === 0 && run.row.trained === "both layers");
  const start = runs.filter((run) => run.row.trained === "none");
  const permuted = adaptive.flatMap((run) => run.permutedHill);
  const tangent = adaptive.flatMap((run) => run.comparisons.filter((row) => row.matrix === "tangent kernel"));
  const conjugate = adaptive.flatMap((run) => run.comparisons.filter((row) => row.matrix === "conjugate kernel"));
  const gain = (run: (typeof runs)[number]): number =>
    descent.find((other) => other.seed === run.seed)!.row.testError - run.row.testError;
  const worse = firstLayerOnly.map(
    (row) =>
      row.testError -
      invariance.runs.find((run) => run.kind === "gradient descent" && run.seed === row.seed)!.row.testError,
  );
  return finding(
    3,
    "Heavy tail spectral behaviour emerges after adaptive gradient training, with lower test error and feature learning.",
    "With a large rate and both layers trained the weights' spectrum is far broader than at the start and than every permuted copy, the teacher enters its leading directions, and the test error falls below that of gradient descent. " +
      "A power law is not what the data support: the tail of the weights is too short to decide and the kernels' is rejected. With the first layer alone and few samples per input the same rule does worse than gradient descent.",
    "true with conditions",
    [
      check(`Hill exponent, Adam at ${largest}, median`, median(adaptive.map((run) => run.row.hill)), atMost(2.8), {
        name: "permuted, median",
        value: median(permuted),
      }),
      check(
        "its distance to the smallest permuted one, largest",
        highest(adaptive.map((run) => run.row.hill - run.permutedHill[0])),
        atMost(-0.3),
        {
          name: "at the start",
          value: highest(start.map((run) => run.row.hill - run.permutedHill[0])),
        },
      ),
      check("largest over median s², median", median(adaptive.map((run) => run.row.spread)), atLeast(6), {
        name: "permuted, largest",
        value: highest(adaptive.flatMap((run) => run.permutedSpread)),
      }),
      check(
        "share of runs with phase random-like",
        adaptive.filter((run) => run.phase === "random-like").length / adaptive.length,
        0,
        {
          name: "at the start",
          value: start.filter((run) => run.phase === "random-like").length / Math.max(1, start.length),
        },
      ),
      check(
        "tangent kernel: growth of max/median",
        median(tangent.map((row) => row.spread / row.initialSpread)),
        atLeast(3),
        {
          name: "permuted first layer",
          value: median(tangent.map((row) => (row.permutedSpread[0] + row.permutedSpread[1]) / 2 / row.initialSpread)),
        },
      ),
      check("conjugate kernel: Hill exponent", median(conjugate.map((row) => row.hill)), atMost(1.8), {
        name: "at the start",
        value: median(conjugate.map((row) => row.initialHill)),
      }),
      check(
        "teacher in five leading directions, median",
        median(adaptive.map((run) => run.row.alignmentFive)),
        atLeast(0.6),
        {
          name: "random subspace, 99 %",
          value: randomOverlap,
        },
      ),
      check("test error: GD minus Adam, median", median(adaptive.map(gain)), atLeast(0.03), {
        name: "no difference",
        value: 0,
      }),
      check("first layer, n/d = 2: Adam minus GD, median", median(worse), atLeast(0.05), {
        name: "no difference",
        value: 0,
      }),
    ],
  );
}
