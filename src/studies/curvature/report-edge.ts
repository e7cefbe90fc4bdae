import { type Color, type Figure, type Panel, formatNumber } from "../../plot/index.js";
import type { ReportSection } from "../../report/index.js";
import type { CurvatureStudy } from "./curvature-study.js";
import type { EdgePart, EdgeRun } from "./edge-part.js";
import { percent } from "./percent.js";

const COLORS: readonly Color[] = ["blue", "vermilion", "green"];
const POINTS = 400; // of each loss curve: more would not be seen

/** Three optimisers against their stability limits. */
export function edgeSection({ runs, samples, initialSharpness }: EdgePart, study: CurvatureStudy): ReportSection {
  return {
    id: "edge",
    title: "5. Sharpness against 2/η: three optimisers",
    status: runs.some((run) => run.status === "cancelled") ? "cancelled" : "complete",
    text: [
      runs.map(sentence).join(" "),
      "On a quadratic of curvature λ gradient descent is stable while ηλ < 2, heavy ball with γ = 0.9 while ηλ < 3.8, and Adam with β₁ = 0.9 while ηλ < 38, λ being the largest eigenvalue of the Hessian preconditioned by its own diagonal P. " +
        "Full-batch training tends to sharpen until it gets there: a tendency, not a law, and none of small batches.",
    ],
    method:
      `Full batches of ${samples} samples, squared loss (cross-entropy flattens once the data are fitted), ${study.options.edgeSteps} steps from one start of sharpness ${formatNumber(initialSharpness.value)}; ` +
      `gradient descent takes 70 % of the step size that is stable there, heavy ball ${percent(study.options.momentumShare)}, Adam 25 % of what is stable after twenty steps. Sharpness by warm-started Lanczos on exact Hessian products; the last column is that of the Hessian itself at the end.`,
    matvecs: runs.reduce((sum, run) => sum + run.matvecs, 0),
    tables: [
      {
        caption: "Stability",
        columns: [
          { label: "optimiser", align: "left" },
          { label: "η", digits: 3 },
          { label: "2/η", digits: 4 },
          { label: "limit of ηλ", digits: 3 },
          { label: "mean ηλ, last half", digits: 4 },
          { label: "steps that raise the loss", align: "left" },
          { label: "verdict", align: "left" },
          { label: "loss at the end", digits: 3 },
          { label: "sharpness of H at the end", digits: 4 },
        ],
        rows: runs.map((run) => [
          run.optimizer,
          run.stepSize,
          run.threshold,
          run.limit,
          run.lateMeanProduct,
          percent(run.lateRisingShare),
          run.verdict,
          run.losses[run.losses.length - 1] ?? null,
          run.finalSharpness.value,
        ]),
      },
    ],
    figures: [figure(runs)],
    data: { samples, initialSharpness, runs },
  };
}

function sentence(run: EdgeRun): string {
  const name = `${run.optimizer[0].toUpperCase()}${run.optimizer.slice(1)}`;
  if (!run.lateMeanProduct.defined || !run.limit.defined) return `${name}: ${run.verdict}.`;
  if (run.verdict === "diverged") return `${name} diverged after ${run.losses.length} steps.`;
  return `${name} trains ${run.verdict}: ηλ is ${formatNumber(run.lateMeanProduct.value, 4)} in the mean over the last half, the limit ${formatNumber(run.limit.value, 3)}.`;
}

function figure(runs: readonly EdgeRun[]): Figure {
  const panels = runs.flatMap((run, i): Panel[] => {
    const stride = Math.max(1, Math.ceil(run.losses.length / POINTS));
    const steps = Array.from({ length: Math.ceil(run.losses.length / stride) }, (_, k) => k * stride);
    const losses = steps.map((step) => run.losses[step]).map((value) => (Number.isFinite(value) ? value : 0));
    const at = run.records.map((record) => record.step);
    const products = run.records.map((record) => record.product);
    const domain: readonly [number, number] = [-1, Math.max(1, run.losses.length) + 1];
    const limit = run.limit.defined ? run.limit.value : null;
    return [
      {
        title: `${run.optimizer}: loss`,
        x: { label: "step", scale: "linear", domain },
        y: { label: "loss", scale: losses.every((value) => value > 0) ? "log" : "linear" },
        marks: [{ kind: "line", x: steps, y: losses, color: COLORS[i % COLORS.length], width: 1.5 }],
      },
      {
        title: `${run.optimizer}: ηλ${run.preconditioned ? " (preconditioned)" : ""}`,
        x: { label: "step", scale: "linear", domain },
        y: { label: "step size × sharpness", scale: "linear" },
        marks: [
          { kind: "line", x: at, y: products, color: COLORS[i % COLORS.length], width: 1.5, dash: "dotted" },
          { kind: "points", x: at, y: products, color: COLORS[i % COLORS.length] },
          ...(limit === null
            ? []
            : ([
                { kind: "rule", axis: "y", value: limit, text: `limit ${formatNumber(limit, 3)}`, color: "ink" },
              ] as const)),
        ],
      },
    ];
  });
  return {
    id: "edge-figure",
    title: "Three optimisers at their limits",
    description: `Full-batch loss (left) and step size times sharpness with the stability limit (right): ${runs.map((run) => `${run.optimizer} ${run.verdict}`).join(", ")}.`,
    columns: 2,
    panels,
  };
}
