import { type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { Cell, ReportSection } from "../../report/index.js";
import type { Tagged } from "../../core/index.js";
import type { HeavyTailPart, HeavyTailRun, TailSummary } from "./heavy-tail-part.js";
import { panel, survival } from "./marks.js";
import type { LinearWidthPlan } from "./plan.js";
import { median } from "./statistics.js";

/** Adaptive training: tails against permuted copies, kernels, phases. */
export function heavyTailSection(part: HeavyTailPart, plan: LinearWidthPlan): ReportSection {
  const { d, h, n, steps, permutations, replicates } = plan.heavyTails;
  const names = [...new Set(part.runs.map((run) => run.name))];
  const of = (name: string): readonly HeavyTailRun[] => part.runs.filter((run) => run.name === name);
  const largest = part.runs.reduce((a, b) => (b.adamRate > a.adamRate ? b : a));
  const top = of(largest.name);
  const middle = (runs: readonly HeavyTailRun[], value: (run: HeavyTailRun) => number): number =>
    median(runs.map(value));
  const kernels = top.flatMap((run) => run.comparisons);
  const kernel = (matrix: string): HeavyTailRun["comparisons"] => kernels.filter((row) => row.matrix === matrix);
  const [tangent, conjugate] = [kernel("tangent kernel"), kernel("conjugate kernel")];
  return {
    id: "heavy-tails",
    title: "5. Adaptive training: broad spectra, features, and tails that are not power laws",
    status: "complete",
    text: [
      `Both layers trained for ${steps} full-batch steps, d = ${d}, h = ${h}, n = ${n}. After ${largest.name} the Hill exponent of the upper half of s² is ${formatNumber(
        middle(top, (run) => run.row.hill),
        3,
      )}, ` +
        `below every one of ${permutations} copies with permuted entries (${formatNumber(Math.min(...top.flatMap((run) => run.permutedHill)), 3)} and above), and the largest value is ${formatNumber(
          middle(top, (run) => run.row.spread),
          3,
        )} times the median (permuted at most ${formatNumber(Math.max(...top.flatMap((run) => run.permutedSpread)), 3)}). ` +
        "The copies keep every entry, so it is correlations that broadened the spectrum, not large entries.",
      `The teacher is in the five leading directions to ${formatNumber(
        middle(top, (run) => run.row.alignmentFive),
        3,
      )} (a random five-dimensional subspace exceeds ${formatNumber(part.randomOverlap, 2)} once in a hundred times), and the test error is ${formatNumber(
        middle(top, (run) => run.row.testError),
        3,
      )} against ${formatNumber(median(part.runs.filter((run) => run.adamRate === 0 && run.row.trained !== "none").map((run) => run.row.testError)), 3)} for gradient descent.`,
      smallestPSentence(part, permutations),
      powerLawSentence(top, replicates),
      tangent.length === 0
        ? ""
        : `Kernels: largest over median of the tangent kernel grows from ${formatNumber(median(tangent.map((row) => row.initialSpread)), 3)} to ${formatNumber(median(tangent.map((row) => row.spread)), 4)}. Of that, ${formatNumber(median(tangent.map((row) => (row.permutedSpread[0] + row.permutedSpread[1]) / 2)), 3)} remains when the first layer's entries are permuted: a good part comes from the trained output weights and the size of the entries. ` +
          `The conjugate kernel's Hill exponent is ${formatNumber(median(conjugate.map((row) => row.hill)), 3)}, but it is ${formatNumber(median(conjugate.map((row) => row.initialHill)), 3)} at the start already: a threshold on an exponent says nothing about kernels.`,
      part.firstLayerOnly.length === 0
        ? ""
        : `The gain depends on the regime. With the first layer alone and n/d = ${formatNumber(part.firstLayerOnly[0].samplesPerInput, 2)} the same rate of Adam ends at a test error of ${formatNumber(median(part.firstLayerOnly.map((row) => row.testError)), 3)}, above gradient descent with small steps (part 1).`,
    ].filter((paragraph) => paragraph !== ""),
    method: `ReLU teacher with noise 0.2, normalised tanh network, NTK parameterisation. classifyPhase with ${permutations} permuted copies and the start as baseline; power laws by maximum likelihood with scanned cut-off and ${replicates} bootstrap replicates. Kernels: three copies with permuted first-layer entries, v as trained.`,
    matvecs: null,
    figures: [...(part.spectra.length === 0 ? [] : [survivalFigure(part)]), rateFigure(part)],
    tables: [
      {
        caption: "Weights: every run against its own permuted copies",
        columns: [
          { label: "run", align: "left" },
          { label: "seed" },
          { label: "Hill", digits: 3 },
          { label: "permuted, smallest", digits: 3 },
          { label: "p", digits: 2 },
          { label: "s₁²/median", digits: 3 },
          { label: "permuted, largest", digits: 3 },
          { label: "tail: α", digits: 3 },
          { label: "values" },
          { label: "its p", digits: 2 },
          { label: "phase", align: "left" },
        ],
        rows: names.flatMap((name) =>
          of(name).map((run) => [
            unbroken(run.name),
            run.seed,
            run.row.hill,
            run.permutedHill[0],
            run.hillPValue,
            run.row.spread,
            run.permutedSpread[run.permutedSpread.length - 1],
            ...tailCells(run.tail),
            run.phase,
          ]),
        ),
      },
      {
        caption: "Kernels against start and permuted first layer; p of the power law",
        columns: [
          { label: "run", align: "left" },
          { label: "seed" },
          { label: "kernel", align: "left" },
          { label: "Hill", digits: 3 },
          { label: "start", digits: 3 },
          { label: "permuted", align: "left" },
          { label: "max / median", digits: 3 },
          { label: "start", digits: 3 },
          { label: "permuted", align: "left" },
          { label: "KS", digits: 2 },
          { label: "p", digits: 2 },
        ],
        rows: part.runs.flatMap((run) =>
          run.comparisons
            .filter((row) => row.matrix !== "weights")
            .map((row): Cell[] => [
              unbroken(run.name),
              run.seed,
              row.matrix.replace(" kernel", ""),
              row.hill,
              row.initialHill,
              rangeText(row.permutedHill),
              row.spread,
              row.initialSpread,
              rangeText(row.permutedSpread),
              row.distance,
              row.tail.defined ? row.tail.value.pValue : row.tail,
            ]),
        ),
      },
    ],
    data: {
      runs: part.runs,
      firstLayerOnly: part.firstLayerOnly,
      randomOverlap: part.randomOverlap,
      spectra: part.spectra,
    },
  };
}

/** Names stay on one line. */
const unbroken = (name: string): string => name.replaceAll(" ", "\u00a0");

const rangeText = ([low, high]: readonly [number, number]): string =>
  `${formatNumber(low, 3)}–${formatNumber(high, 3)}`;

function tailCells(tail: Tagged<TailSummary>): Cell[] {
  return tail.defined ? [tail.value.alpha, tail.value.tailCount, tail.value.pValue] : [tail.reason, null, null];
}

/** The p-value of few permutations is coarse: say so when the untrained matrix reaches it too. */
function smallestPSentence({ runs }: HeavyTailPart, permutations: number): string {
  const least = 1 / (1 + permutations);
  const start = runs.filter((run) => run.row.trained === "none" && run.hillPValue <= least + 1e-12);
  if (start.length === 0) return "";
  return `The permutation p-value alone would mislead: ${formatNumber(least, 2)} is the least that ${permutations} copies can give, and an untrained matrix reaches it too (seed ${start.map((run) => run.seed).join(", ")}), by a difference in the second digit. The size of the difference is the evidence.`;
}

function powerLawSentence(runs: readonly HeavyTailRun[], replicates: number): string {
  const tails = runs.flatMap((run) => (run.tail.defined ? [run.tail.value] : []));
  const rejected = runs.flatMap((run) =>
    run.comparisons.filter((row) => row.matrix !== "weights" && row.tail.defined && row.tail.value.pValue < 0.1),
  );
  const kernels = runs.flatMap((run) => run.comparisons.filter((row) => row.matrix !== "weights"));
  const phases = [...new Set(runs.map((run) => run.phase))].join(", ");
  const counts = tails.map((tail) => tail.tailCount);
  return (
    `Is it a power law? For the weights ${tails.every((tail) => tail.verdict !== "supported") ? "the data do not decide" : "the data support one in some runs"}: the fitted tails have ${counts.join(", ")} values and p = ${tails.map((tail) => formatNumber(tail.pValue, 2)).join(", ")} (${replicates} replicates), too few values to exclude an exponential. ` +
    `For the kernels it is rejected in ${rejected.length} of ${kernels.length} cases. The phase decision for the weights says: ${phases}. “Heavier than its baseline” is what these runs show.`
  );
}

function survivalFigure({ spectra }: HeavyTailPart): ReportSection["figures"][number] {
  const looks: readonly (readonly ["gray" | "blue" | "vermilion" | "amber", "solid" | "dashed" | "dotted"])[] = [
    ["gray", "solid"],
    ["blue", "dashed"],
    ["vermilion", "solid"],
    ["amber", "dotted"],
  ];
  const one = (key: "weights" | "conjugate" | "tangent", title: string, label: string): Panel =>
    panel(
      title,
      { label, scale: "log" },
      { label: "share of values ≥ x", scale: "log" },
      spectra.map((run, i): Mark =>
        survival(upperPart(run[key]), looks[i % looks.length][0], looks[i % looks.length][1], run.name),
      ),
    );
  return {
    id: "tails",
    title: "The upper tails: weights and kernels",
    description:
      "Share of values that are at least x, on logarithmic axes: a power law would be a straight line. Adam broadens all three; permuting the entries takes the tail away and leaves the shape of the start, scaled up by the larger entries. First seed.",
    columns: 3,
    panels: [
      one("weights", "Weights", "s² / h"),
      one("conjugate", "Conjugate kernel", "eigenvalue"),
      one("tangent", "Tangent kernel", "eigenvalue"),
    ],
  };
}

/** Values above a hundredth of the median: the far left would take most of a logarithmic axis. */
function upperPart(values: Float64Array): Float64Array {
  const floor = median(values) / 100;
  return values.filter((value) => value > floor);
}

function rateFigure({ runs, randomOverlap }: HeavyTailPart): ReportSection["figures"][number] {
  const adaptive = runs.filter((run) => run.adamRate > 0);
  const descent = runs.filter((run) => run.adamRate === 0 && run.row.trained !== "none");
  const rates = [...new Set(adaptive.map((run) => run.adamRate))];
  const at = (rate: number): readonly HeavyTailRun[] => adaptive.filter((run) => run.adamRate === rate);
  const shown = (value: (run: HeavyTailRun) => number): Mark[] => [
    { kind: "line", x: rates, y: rates.map((rate) => median(at(rate).map(value))), color: "vermilion", label: "Adam" },
    { kind: "points", x: adaptive.map((run) => run.adamRate), y: adaptive.map(value), color: "vermilion" },
    ...(descent.length === 0
      ? []
      : [{ kind: "rule", axis: "y", value: median(descent.map(value)), text: "GD", color: "blue" } as const]),
  ];
  const axis = { label: "Adam's rate", scale: "log", domain: [0.01, 1] } as const;
  return {
    id: "adam-rates",
    title: "What grows with Adam's rate",
    description:
      "Every run a point. Left: the Hill exponent of the weights, with the range over permuted copies. Middle: the teacher's share in five leading directions. Right: test error.",
    columns: 3,
    panels: [
      panel("Tail of the weights", axis, "Hill exponent, upper half", [
        {
          kind: "area",
          x: rates,
          lower: rates.map((rate) => Math.min(...at(rate).flatMap((run) => run.permutedHill))),
          upper: rates.map((rate) => Math.max(...at(rate).flatMap((run) => run.permutedHill))),
          color: "gray",
          label: "permuted",
        },
        ...shown((run) => run.row.hill),
      ]),
      panel("Features", axis, { label: "teacher in five directions", scale: "linear", domain: [0, 1] }, [
        ...shown((run) => run.row.alignmentFive),
        { kind: "rule", axis: "y", value: randomOverlap, text: "chance 1 %", color: "gray" },
      ]),
      panel(
        "Test error",
        axis,
        "test error / variance",
        shown((run) => run.row.testError),
      ),
    ],
  };
}
