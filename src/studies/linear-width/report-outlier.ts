// Longer than usual because it is one section: its text, tables and figures share the medians they are made of.
import { type Color, type Mark, type Panel, formatNumber } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import { type LawCurve, weightLaw } from "./limit-laws.js";
import { bars, commonEdges, lawLine, panel } from "./marks.js";
import type { OutlierPart, OutlierStep, RateWindowRow, WindowPart } from "./outlier-part.js";
import type { LinearWidthPlan } from "./plan.js";
import { median } from "./statistics.js";

/** One large step. */
export function outlierSection(part: OutlierPart, plan: LinearWidthPlan): ReportSection {
  const { d, h, n, strengths } = plan.outlier;
  const scales = [...new Set(part.steps.map((step) => step.outputScale))];
  const at = (scale: number, strength: number): readonly OutlierStep[] =>
    part.steps.filter((step) => step.outputScale === scale && step.strength === strength);
  const of = (scale: number, strength: number, value: (step: OutlierStep) => number): number =>
    median(at(scale, strength).map(value));
  const small = Math.min(...scales);
  const shown = strengths.filter((strength) => [0.5, 1, 1.5, 2, 3, 4].includes(strength));
  return {
    id: "large-step",
    title: "3. One large step: an outlier along the teacher",
    status: "complete",
    text: [
      `A single gradient step of strength θ (its spectral norm over √h) from the start, d = ${d}, h = ${h}, n = ${n}. The gradient is nearly rank one (${formatNumber(100 * of(small, 2, (step) => step.rankOneEnergy), 3)} % of its energy), ` +
        `so the step plants a spike in noise, and the spiked model says what happens: nothing below θ = ${formatNumber(part.threshold, 3)}, one singular value outside above it. At θ = 2 it appears at ${formatNumber(
          of(small, 2, (step) => step.top),
          4,
        )}, predicted ${formatNumber(
          of(small, 2, (step) => step.predicted),
          4,
        )}.`,
      `Its right vector points along the teacher: |⟨v₁, β⟩| = ${formatNumber(
        of(small, 3, (step) => step.alignment),
        3,
      )} at θ = 3, where a random direction stays below ${formatNumber(part.random.high, 2)} in 99 of 100 cases. ` +
        `The top eigenvector of the conjugate kernel turns to the targets too (cosine ${formatNumber(median(at(small, 3).map((step) => step.kernelAlignment ?? 0)), 3)}, ${formatNumber(median(at(small, 0.5).map((step) => step.kernelAlignment ?? 0)), 2)} below the threshold).`,
      `With output weights of full size the plain spiked model, which knows only the norm of the step, predicts too much: the gradient then contains −v vᵀW₀ and takes away noise along v. The row-energy formula reads the strength off the row v̂ᵀW₁ and stays right (at θ = 2: measured ${formatNumber(
        of(Math.max(...scales), 2, (step) => step.top),
        4,
      )}, row energy ${formatNumber(
        of(Math.max(...scales), 2, (step) => step.predicted),
        4,
      )}, plain ${formatNumber(
        of(Math.max(...scales), 2, (step) => step.naive),
        4,
      )}).`,
      `A stochastic epoch of ${Math.floor(n / plan.outlier.batch)} steps of total strength 3 does the same: outlier at ${formatNumber(median(part.stochastic.map((row) => row.top)), 4)}, predicted ${formatNumber(median(part.stochastic.map((row) => row.predicted)), 4)}, alignment ${formatNumber(median(part.stochastic.map((row) => row.alignment)), 3)}.`,
    ],
    method:
      "Softplus teacher with noise 0.3; step size θ√h/‖gradient‖₂. Plain prediction: bbpRectangular(θ). Row energy: rowEnergySpike(W₁, v). Predicted alignment: root of the predicted overlap of v₁ times the gradient's own cosine with β. " +
      `Baselines: edge 1 + √(d/h), the exact law of a random direction, and redrawn W (KS of the bulk up to ${formatNumber(Math.max(...part.redrawn), 2)}).`,
    matvecs: null,
    figures: [
      ...(part.spectra.length < 2 ? [] : [spectraFigure(part, weightLaw(d / h))]),
      placeFigure(part, scales),
      alignmentFigure(part, scales),
    ],
    tables: [
      {
        caption: "Medians over the seeds; singular values in units of √h",
        columns: [
          { label: "v scaled by" },
          { label: "θ" },
          { label: "s₁" },
          { label: "row energy" },
          { label: "plain model" },
          { label: "s₂" },
          { label: "alignment", digits: 3 },
          { label: "predicted", digits: 3 },
          { label: "P(chance)", digits: 2 },
          { label: "KS bulk", digits: 2 },
        ],
        rows: [
          ...scales.flatMap((scale) =>
            shown.map((strength) => [
              scale,
              strength,
              of(scale, strength, (step) => step.top),
              of(scale, strength, (step) => step.predicted),
              of(scale, strength, (step) => step.naive),
              of(scale, strength, (step) => step.second),
              of(scale, strength, (step) => step.alignment),
              scale === small ? of(scale, strength, (step) => step.predictedAlignment) : null,
              of(scale, strength, (step) => step.chance),
              of(scale, strength, (step) => step.bulkDistance),
            ]),
          ),
        ],
      },
      {
        caption: "One stochastic epoch of total strength 3, small v",
        columns: [
          { label: "seed" },
          { label: "s₁" },
          { label: "row energy" },
          { label: "s₂" },
          { label: "alignment", digits: 3 },
          { label: "KS bulk", digits: 2 },
        ],
        rows: part.stochastic.map((row) => [
          row.seed,
          row.top,
          row.predicted,
          row.second,
          row.alignment,
          row.bulkDistance,
        ]),
      },
    ],
    data: { ...part },
  };
}

function spectraFigure(part: OutlierPart, law: LawCurve): ReportSection["figures"][number] {
  const shown = part.spectra.filter(({ strength }) => strength !== 0);
  const edges = commonEdges(
    part.spectra.map(({ singularValues }) => singularValues),
    60,
  );
  const domain: readonly [number, number] = [0, 1.04 * Math.max(...edges)];
  const panels = shown.map(({ strength, singularValues }): Panel => {
    const step = part.steps.find((candidate) => candidate.strength === strength)!;
    const outside = singularValues.filter((s) => s > 1.03 * part.edge);
    const drawn = bars(singularValues, edges, "blue", "singular values");
    const marks: Mark[] = [drawn, lawLine(law, Infinity, domain, "Marchenko–Pastur")];
    if (outside.length > 0) marks.push({ kind: "ticks", x: Array.from(outside), color: "vermilion", label: "outlier" });
    if (step.predicted > part.edge)
      marks.push({
        kind: "rule",
        axis: "x",
        value: step.predicted,
        text: `predicted ${formatNumber(step.predicted, 3)}`,
        color: "vermilion",
      });
    else
      marks.push({
        kind: "rule",
        axis: "x",
        value: part.edge,
        text: `edge ${formatNumber(part.edge, 3)}`,
        color: "gray",
      });
    return panel(`θ = ${strength}`, { label: "singular value / √h", scale: "linear", domain }, "density", marks);
  });
  return {
    id: "spectra-large-step",
    title: "Singular values after one step of growing strength",
    description:
      "Below the threshold nothing leaves the bulk; above it one value stands where the row-energy formula puts it, and the bulk is as it was. First seed, small v.",
    columns: 3,
    panels,
  };
}

function points(steps: readonly OutlierStep[], y: (step: OutlierStep) => number, color: Color, label: string): Mark {
  return { kind: "points", x: steps.map((step) => step.strength), y: steps.map(y), color, size: 3, label };
}

function medianLine(
  steps: readonly OutlierStep[],
  y: (step: OutlierStep) => number,
  color: Color,
  dash: "solid" | "dashed" | "dotted",
  label: string,
): Mark {
  const strengths = [...new Set(steps.map((step) => step.strength))];
  return {
    kind: "line",
    x: strengths,
    y: strengths.map((strength) => median(steps.filter((step) => step.strength === strength).map(y))),
    color,
    dash,
    label,
  };
}

function placeFigure({ steps, edge }: OutlierPart, scales: readonly number[]): ReportSection["figures"][number] {
  return {
    id: "outlier-place",
    title: "Where the outlier appears",
    description:
      "Largest singular value against the strength of the step, every seed a point. Both predictions agree for small output weights; for full ones only the row-energy formula holds.",
    columns: 2,
    panels: scales.map((scale) => {
      const own = steps.filter((step) => step.outputScale === scale);
      return panel(scale === 1 ? "v of full size" : `v scaled by ${scale}`, "strength θ of the step", "s₁ / √h", [
        medianLine(own, (step) => step.naive, "gray", "dashed", "plain spiked model"),
        medianLine(own, (step) => step.predicted, "vermilion", "solid", "row energy"),
        points(own, (step) => step.top, "blue", "measured"),
        { kind: "rule", axis: "y", value: edge, text: "edge", color: "ink", dash: "dotted" },
      ]);
    }),
  };
}

function alignmentFigure({ steps, random }: OutlierPart, scales: readonly number[]): ReportSection["figures"][number] {
  return {
    id: "outlier-alignment",
    title: "How well the outlier's vector points along the teacher",
    description:
      "Cosine of the leading right singular vector with the teacher. The rule is what a random direction exceeds once in a hundred times.",
    columns: 2,
    panels: scales.map((scale, i) => {
      const own = steps.filter((step) => step.outputScale === scale);
      return panel(
        scale === 1 ? "v of full size" : `v scaled by ${scale}`,
        "strength θ of the step",
        { label: "|⟨v₁, β⟩|", scale: "linear", domain: [0, 1] },
        [
          ...(i === 0 ? [medianLine(own, (step) => step.predictedAlignment, "vermilion", "solid", "predicted")] : []),
          points(own, (step) => step.alignment, "blue", "measured"),
          { kind: "rule", axis: "y", value: random.high, text: "chance 1 %", color: "gray" },
        ],
      );
    }),
  };
}

/** Axes over whole decades, so that their ends are labelled. */
const RATE_AXIS = [0.03, 10] as const;
const STRENGTH_AXIS = [0.3, 100] as const;

/** The window of step sizes. */
export function windowSection(part: WindowPart, plan: LinearWidthPlan): ReportSection {
  const strengths = plan.windowStrengths;
  const at = (strength: number, value: (row: WindowPart["steps"][number]) => number): number =>
    median(part.steps.filter((row) => row.strength === strength).map(value));
  const rate = (rows: readonly RateWindowRow[], scale: number, factor: number): RateWindowRow[] =>
    rows.filter((row) => row.outputScale === scale && row.factor === factor);
  const scales = [...new Set(part.rates.map((row) => row.outputScale))];
  const factors = [...new Set(part.rates.map((row) => row.factor))];
  const { window } = part;
  const cell = (rows: readonly RateWindowRow[], value: (row: RateWindowRow) => number): number =>
    median(rows.map(value));
  const curve = (
    scale: number,
    value: (row: RateWindowRow) => number,
    color: Color,
    dash: "solid" | "dashed",
  ): Mark[] => {
    const y = factors.map((factor) => cell(rate(part.rates, scale, factor), value));
    return [
      { kind: "line", x: factors, y, color, dash, label: scale === 1 ? "v of full size" : `v scaled by ${scale}` },
      { kind: "points", x: factors, y, color },
    ];
  };
  const ratePanel = (title: string, label: string, value: (row: RateWindowRow) => number, rule?: Mark): Panel =>
    panel(title, { label: "η / η_c", scale: "log", domain: RATE_AXIS }, label, [
      ...scales.flatMap((scale, i) =>
        curve(scale, value, i === 0 ? "blue" : "vermilion", i === 0 ? "solid" : "dashed"),
      ),
      ...(rule === undefined ? [] : [rule]),
    ]);
  const row = (name: string, factor: number, rows: readonly RateWindowRow[]): readonly (string | number)[] => [
    name,
    factor,
    cell(rows, (r) => r.topOverEdge),
    cell(rows, (r) => r.outliers),
    cell(rows, (r) => r.bulkDistance),
    cell(rows, (r) => r.row.alignment),
    cell(rows, (r) => r.lossRatio),
    cell(rows, (r) => r.row.testError),
  ];
  return {
    id: "window",
    title: "4. The window in which the bulk survives",
    status: "complete",
    text: [
      window === null
        ? "On this grid no strength of a single step shows an outlier beside an untouched bulk."
        : `A single step leaves an outlier beside an untouched bulk for strengths from ${window.from} to ${window.to}: below, no outlier; above, what remains of the gradient beyond its leading direction is itself large enough to move the bulk farther than a redraw would.`,
      `Over many steps the window is narrower. With output weights of full size small rates bring no outlier${
        factors.includes(1)
          ? `, and even the critical rate η_c = 2n/λ_max brings ${formatNumber(
              cell(rate(part.rates, 1, 1), (r) => r.outliers),
              2,
            )} values beyond the edge`
          : ""
      }; at three times ${factors.includes(1) ? "η_c" : "the critical rate η_c = 2n/λ_max"} the loss falls by five orders of magnitude, ${formatNumber(
        cell(rate(part.rates, 1, 3), (r) => r.outliers),
        3,
      )} of ${plan.window.d} singular values have left the bulk, the leading vector is hardly aligned (${formatNumber(
        cell(rate(part.rates, 1, 3), (r) => r.row.alignment),
        2,
      )}), and the test error is the worst of all. ` +
        `“Outlier with an invariant bulk” is not what large rates bring in general.`,
      smallOutputSentence(part, Math.min(...scales), factors),
    ],
    method:
      `Single steps as in part 3. Long runs: d = ${plan.window.d}, h = ${plan.window.h}, n = ${plan.window.n}, ReLU teacher with noise 0.2, W trained for ${plan.window.scales.map((scale) => `${scale.steps} steps (v scaled by ${scale.outputScale})`).join(" and ")}. ` +
      "Bulk: all but the largest (single steps) or the three largest values (long runs), KS distance to the start. Outliers: beyond the 99 % Tracy–Widom point of the untouched bulk.",
    matvecs: null,
    figures: [
      {
        id: "window-steps",
        title: "A single step: bulk, outliers and alignment against its strength",
        description:
          "Left: distance of the bulk to the start; the rule is the largest distance of a redrawn matrix. Middle: values beyond the edge. Right: alignment with the teacher. Medians over the seeds.",
        columns: 3,
        panels: [
          panel("Bulk", { label: "strength θ", scale: "log", domain: STRENGTH_AXIS }, "KS distance to the start", [
            ...dotted(
              strengths,
              strengths.map((s) => at(s, (r) => r.bulkDistance)),
              "blue",
            ),
            { kind: "rule", axis: "y", value: part.redrawn.steps, text: "redrawn", color: "gray" },
          ]),
          panel(
            "Values beyond the edge",
            { label: "strength θ", scale: "log", domain: STRENGTH_AXIS },
            "count",
            dotted(
              strengths,
              strengths.map((s) => at(s, (r) => r.outliers)),
              "vermilion",
            ),
          ),
          panel(
            "Alignment",
            { label: "strength θ", scale: "log", domain: STRENGTH_AXIS },
            { label: "|⟨v₁, β⟩|", scale: "linear", domain: [0, 1] },
            dotted(
              strengths,
              strengths.map((s) => at(s, (r) => r.alignment)),
              "green",
            ),
          ),
        ],
      },
      {
        id: "window-rates",
        title: "Many steps: bulk, alignment and test error against the rate",
        description:
          "Rates in units of the critical rate. The bulk leaves its place around the critical rate; small output weights learn the teacher's direction at every rate. Medians over the seeds.",
        columns: 3,
        panels: [
          ratePanel("Bulk", "KS distance to the start", (r) => r.bulkDistance, {
            kind: "rule",
            axis: "y",
            value: part.redrawn.rates,
            text: "redrawn",
            color: "gray",
          }),
          ratePanel("Alignment", "|⟨v₁, β⟩|", (r) => r.row.alignment),
          ratePanel("Test error", "test error / variance", (r) => r.row.testError),
        ],
      },
    ],
    tables: [
      {
        caption: "Long runs, medians over the seeds",
        columns: [
          { label: "run", align: "left" },
          { label: "η / η_c" },
          { label: "s₁ / edge", digits: 3 },
          { label: "beyond the edge" },
          { label: "KS bulk", digits: 2 },
          { label: "alignment", digits: 3 },
          { label: "loss, last / first", digits: 2 },
          { label: "test error", digits: 3 },
        ],
        rows: [
          ...scales.flatMap((scale) =>
            factors.map((factor) =>
              row(scale === 1 ? "GD, full v" : `GD, v\u00a0×\u00a0${scale}`, factor, rate(part.rates, scale, factor)),
            ),
          ),
          ...(part.stochastic.length === 0
            ? []
            : [
                row(`SGD, v\u00a0×\u00a0${part.stochastic[0].outputScale}`, part.stochastic[0].factor, part.stochastic),
              ]),
        ],
      },
    ],
    data: { ...part },
  };
}

/** What small output weights change: where the bulk stays within a redraw, and where the test error is lower. */
function smallOutputSentence({ rates, redrawn }: WindowPart, scale: number, factors: readonly number[]): string {
  const at = (deviation: number, factor: number, value: (row: RateWindowRow) => number): number =>
    median(rates.filter((row) => row.outputScale === deviation && row.factor === factor).map(value));
  const kept = factors.filter((factor) => at(scale, factor, (row) => row.bulkDistance) <= redrawn.rates);
  const lower = factors.filter(
    (factor) => at(scale, factor, (row) => row.row.testError) < at(1, factor, (row) => row.row.testError),
  );
  const alignments = factors.map((factor) => at(scale, factor, (row) => row.row.alignment));
  const bulk =
    kept.length === 0
      ? `Its bulk moves farther than a redraw even at ${factors[0]} η_c (${formatNumber(
          at(scale, factors[0], (row) => row.bulkDistance),
          2,
        )} against ${formatNumber(redrawn.rates, 2)})`
      : `Its bulk stays within a redraw (${formatNumber(redrawn.rates, 2)}) up to ${Math.max(...kept)} η_c`;
  return (
    `With output weights scaled by ${scale} the outlier is there at every rate, aligned between ${formatNumber(Math.min(...alignments), 3)} and ${formatNumber(Math.max(...alignments), 3)}, ` +
    `and the test error is lower than with full ones at ${lower.length} of ${factors.length} rates. ${bulk}; at ${factors[factors.length - 1]} η_c it is destroyed.`
  );
}

function dotted(x: readonly number[], y: readonly number[], color: Color): Mark[] {
  return [
    { kind: "line", x, y, color },
    { kind: "points", x, y, color, size: 3 },
  ];
}
